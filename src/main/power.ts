import { powerMonitor } from 'electron'

/** Calls back when the computer wakes or its user returns, so that the relay is reached at once, not when a timer runs out. */
export function onWake(reconnect: () => void): void {
  powerMonitor.on('resume', reconnect)
  powerMonitor.on('unlock-screen', reconnect)
}
