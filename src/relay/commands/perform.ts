import type { Command } from 'commander'
import { SettingsError } from '../settings/effective.ts'
import { CommandFailure, RELAY_EXIT } from './command-failure.ts'

/** Where a command prints: results to standard output, as text or JSON lines; everything else to standard error. */
export class CommandOutput {
  readonly #json: boolean

  constructor(json: boolean) {
    this.#json = json
  }

  result(data: unknown, text: string): void {
    process.stdout.write(`${this.#json ? JSON.stringify(data) : text}\n`)
  }

  failureText({ code, message }: CommandFailure): string {
    return this.#json ? JSON.stringify({ error: { code, message } }) : message
  }
}

function failureOf(cause: unknown): CommandFailure {
  if (cause instanceof CommandFailure) return cause
  if (cause instanceof SettingsError) {
    return new CommandFailure('INVALID_INPUT', cause.message, cause)
  }
  const message = cause instanceof Error ? cause.message : String(cause)
  return new CommandFailure('INTERNAL', message, cause)
}

/** Runs a command: what goes wrong is told in one sentence, and by the exit code. */
export async function perform(
  command: Command,
  action: (output: CommandOutput) => Promise<void>,
): Promise<void> {
  const output = new CommandOutput(command.optsWithGlobals<{ json?: true }>().json === true)
  try {
    await action(output)
  } catch (cause) {
    const failed = failureOf(cause)
    const { exitCode } = failed
    // As the command line's own errors end it.
    if (exitCode === RELAY_EXIT.usage) command.error(output.failureText(failed), { exitCode })
    process.stderr.write(`${output.failureText(failed)}\n`)
    process.exitCode = exitCode
  }
}
