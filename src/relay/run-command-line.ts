import { CommanderError, type Command } from 'commander'
import type { Writable } from 'node:stream'
import manifest from '../../package.json' with { type: 'json' }
import { relayCommand } from './command.ts'
import { COMMAND_FAILED, RELAY_EXIT } from './commands/command-failure.ts'

interface OutputStreams {
  readonly stdout: Writable
  readonly stderr: Writable
}

function throwInstead(command: Command, { stdout, stderr }: OutputStreams): void {
  command
    .exitOverride()
    .helpOption('--help', 'show help')
    .configureOutput({
      writeOut: (text) => void stdout.write(text),
      writeErr: (text) => void stderr.write(text),
    })
  for (const inner of command.commands) throwInstead(inner, { stdout, stderr })
}

/**
 * Runs the relay's own command line, from arguments to exit code.
 * @param args - without the executable and the script.
 */
export async function runRelayCommandLine(
  args: readonly string[],
  streams: OutputStreams,
): Promise<number> {
  const command = relayCommand().version(manifest.version, '--version', 'show the version')
  throwInstead(command, streams)
  try {
    await command.parseAsync(args, { from: 'user' })
    return RELAY_EXIT.done
  } catch (cause) {
    if (!(cause instanceof CommanderError)) throw cause
    // Help and version end this way as well.
    if (cause.code === COMMAND_FAILED || cause.exitCode === 0) return cause.exitCode
    return RELAY_EXIT.usage
  }
}
