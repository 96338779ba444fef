import type { Writable } from 'node:stream'
import type { Log } from '#core/ports.ts'

const SILENT: Log = { info() {}, warn() {}, error() {} }

/** The log of one run: JSON lines on standard error where it is wanted. Codes and numbers, never what people write. */
export function commandLog(stderr: Writable, verbose: boolean): Log {
  if (!verbose) return SILENT
  const add = (level: string, event: string, data: object = {}): void => {
    const time = new Date().toISOString()
    stderr.write(`${JSON.stringify({ time, level, event, ...data })}\n`)
  }
  return {
    info: (event, data) => add('info', event, data),
    warn: (event, data) => add('warn', event, data),
    error: (event, cause) => add('error', event, describe(cause)),
  }
}

/** The kind of an error and the places it came through; its message could quote what a person wrote. */
function describe(cause: unknown): object {
  if (!(cause instanceof Error)) return { error: typeof cause }
  const places = (cause.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line))
  return {
    error: cause.name,
    ...('code' in cause && { code: String(cause.code) }),
    stack: places.map((line) => line.trim()).join(' < '),
  }
}
