const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Calls `end` once, whoever asks first: Ctrl+C, another signal, or the tool itself with `now`.
 * `takeSignals` is for after apps were started: Playwright's own handlers would kill them, and they shall close their
 * profiles.
 */
export function onceEnding(end: () => Promise<never>): {
  readonly now: () => Promise<never>
  hasBegun(): boolean
  takeSignals(): void
} {
  let ending: Promise<never> | undefined
  const now = (): Promise<never> => (ending ??= end())
  const takeSignals = (): void => {
    for (const signal of SIGNALS) {
      process.removeAllListeners(signal)
      process.on(signal, () => void now())
    }
  }
  takeSignals()
  return { now, hasBegun: () => ending !== undefined, takeSignals }
}
