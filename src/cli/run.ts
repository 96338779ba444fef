import { CommanderError } from 'commander'
import { storeErrorCode } from '#core/store-error-code.ts'
import { isRefusedBySystem } from '#keychain/refused-by-system.ts'
import { COMMAND_FAILED } from '#relay/commands/command-failure.ts'
import { failure } from '#shared/errors.ts'
import { CommandRun, type ProfileOptions } from './command-run.ts'
import { EXIT, exitCodeOf, type ExitCode } from './exit-codes.ts'
import { Output, OutputClosedError } from './output.ts'
import { buildProgram } from './program.ts'
import type { Perform } from './profile-command.ts'
import type { Surroundings } from './surroundings.ts'

const BUG = {
  ...failure('INTERNAL'),
  hint: 'Something went wrong inside Sotto. --verbose shows where.',
}

function unusable(folder: string): { readonly hint: string } {
  return {
    hint: `The files of the profile at ${folder} cannot be read or written. Check that it is a folder, and yours to read and write; or name another one with --profile.`,
  }
}

/**
 * Runs the command line, from arguments to exit code. Never throws: what is wrong is told on standard error in a
 * sentence, and a bug as such, with its stack only for `--verbose`.
 * @param args - without the executable and the script.
 */
export async function runCommandLine(
  args: readonly string[],
  surroundings: Surroundings,
): Promise<ExitCode> {
  let exitCode: ExitCode = EXIT.done
  const perform: Perform = async (command, action) => {
    const options = command.optsWithGlobals<ProfileOptions>()
    const output = new Output(surroundings, options.json === true)
    const run = new CommandRun(surroundings, output, options)
    try {
      const outcome = await action(run)
      if (!outcome.ok) output.refusal(outcome.error)
      exitCode = outcome.ok ? outcome.value : exitCodeOf(outcome.error.code)
    } catch (cause) {
      exitCode = EXIT.failed
      if (cause instanceof OutputClosedError) return
      run.log.error('command.threw', cause)
      const code = storeErrorCode(cause) ?? (isRefusedBySystem(cause) ? 'PROFILE_UNUSABLE' : null)
      if (code === null) return output.refusal(BUG)
      output.refusal({ ...failure(code), ...(code === 'PROFILE_UNUSABLE' && unusable(run.folder)) })
      exitCode = exitCodeOf(code)
    }
  }
  try {
    await buildProgram(perform, surroundings).parseAsync(args, { from: 'user' })
  } catch (cause) {
    if (!(cause instanceof CommanderError)) throw cause
    // Help and version end this way as well.
    if (cause.exitCode === 0) return EXIT.done
    // The relay's commands have told what is wrong; the others only end so where their usage is.
    const told = cause.code === COMMAND_FAILED
    return Object.values(EXIT).find((code) => told && code === cause.exitCode) ?? EXIT.usage
  }
  return exitCode
}
