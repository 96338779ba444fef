import { powerMonitor } from 'electron'

/** Calls back when the computer wakes or its user returns, so that the relay is reached at once, not when a timer runs out. */
export function onWake(woken: () => void): void {
  powerMonitor.on('resume', woken)
  powerMonitor.on('unlock-screen', woken)
}

/** Calls back when the screen is locked and unlocked. On Linux Electron does not hear of it. */
export function onScreenLock(changed: (locked: boolean) => void): void {
  powerMonitor.on('lock-screen', () => changed(true))
  powerMonitor.on('unlock-screen', () => changed(false))
}
