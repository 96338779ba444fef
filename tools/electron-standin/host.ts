import type { Targets } from './targets.ts'

let opened: Targets | undefined

/** Called once Chromium runs. */
export function setTargets(targets: Targets): void {
  opened = targets
}

/** @throws Error before the app is ready, as Electron's windows do. */
export function requireTargets(): Targets {
  if (opened === undefined) throw new Error('Cannot create BrowserWindow before app is ready')
  return opened
}
