import { CommanderError, type Command } from 'commander'
import { SettingsError } from '../settings/effective.ts'
import { systemSentence } from '../system-error.ts'
import { COMMAND_FAILED, CommandFailure, RELAY_EXIT } from './command-failure.ts'

/** Where a command prints: results to standard output, as text or JSON lines; everything else to standard error. */
export class CommandOutput {
  readonly #command: Command
  readonly #json: boolean

  constructor(command: Command) {
    this.#command = command
    this.#json = command.optsWithGlobals<{ json?: true }>().json === true
  }

  result(data: unknown, text: string): void {
    const line = `${this.#json ? JSON.stringify(data) : text}\n`
    this.#command.configureOutput().writeOut?.(line)
  }

  /** Tells what went wrong, and ends the command. */
  fail({ code, message, exitCode }: CommandFailure): never {
    const text = this.#json ? JSON.stringify({ error: { code, message } }) : message
    // As the command line's own errors are told.
    if (exitCode === RELAY_EXIT.usage) this.#command.error(text, { exitCode })
    this.#command.configureOutput().writeErr?.(`${text}\n`)
    throw new CommanderError(exitCode, COMMAND_FAILED, message)
  }
}

function failureOf(cause: unknown): CommandFailure {
  if (cause instanceof CommandFailure) return cause
  if (cause instanceof SettingsError) {
    return new CommandFailure('INVALID_INPUT', cause.message, cause)
  }
  const message = systemSentence(cause) ?? (cause instanceof Error ? cause.message : String(cause))
  return new CommandFailure('INTERNAL', message, cause)
}

/**
 * Runs a command: what goes wrong is told in one sentence, and by the exit code.
 * @throws CommanderError where it failed.
 */
export async function perform(
  command: Command,
  action: (output: CommandOutput) => Promise<void>,
): Promise<void> {
  const output = new CommandOutput(command)
  try {
    await action(output)
  } catch (cause) {
    output.fail(failureOf(cause))
  }
}
