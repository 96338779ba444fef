import type { ErrorCode } from '#shared/errors.ts'

/** How the relay's commands end, for scripts; the same numbers as those of `sotto`. */
export const RELAY_EXIT = {
  done: 0,
  failed: 1,
  /** The command line or a setting is not of the expected form. */
  usage: 2,
  /** No relay runs there, or it does not answer. */
  unreachable: 3,
} as const

/** The code of the `CommanderError` by which a command that failed ends. */
export const COMMAND_FAILED = 'relay.failed'

/** Ends a command with a sentence. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure'
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, cause?: unknown) {
    super(message, { cause })
    this.code = code
  }

  get exitCode(): number {
    if (this.code === 'INVALID_INPUT' || this.code === 'NAME_INVALID') return RELAY_EXIT.usage
    return this.code === 'RELAY_UNREACHABLE' ? RELAY_EXIT.unreachable : RELAY_EXIT.failed
  }
}
