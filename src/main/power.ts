import { powerMonitor } from 'electron'

/** Calls back when the computer wakes or its user returns, so that the relay is reached at once, not when a timer runs out. */
export function onWake(woken: () => void): void {
  powerMonitor.on('resume', woken)
  powerMonitor.on('unlock-screen', woken)
}
