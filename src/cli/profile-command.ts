import { Command, InvalidArgumentError, Option } from 'commander'
import type { CommandRun, Outcome } from './command-run.ts'

const SECOND_MS = 1_000
const MAX_WAIT_SECONDS = 7 * 86_400

/** Runs the action of a command, tells what went wrong, and keeps the exit code. */
export type Perform = (
  command: Command,
  action: (run: CommandRun) => Promise<Outcome>,
) => Promise<void>

/** Adds the options that every command on a profile takes. */
export function withProfileOptions(command: Command): Command {
  return command
    .option('--profile <folder>', 'folder of the profile (or SOTTO_PROFILE)')
    .option(
      '--passphrase-file <file>',
      'file with the passphrase of the profile (or SOTTO_PASSPHRASE)',
    )
    .option('--json', 'print JSON lines')
    .option('--verbose', 'log to standard error')
}

/** A command on a profile. */
export function profileCommand(
  name: string,
  summary: string,
  examples: readonly string[],
): Command {
  const lines = examples.map((example) => `  ${example}`)
  return withProfileOptions(new Command(name).description(summary)).addHelpText(
    'after',
    `\nExamples:\n${lines.join('\n')}`,
  )
}

/** `--wait`, in seconds; the command gets milliseconds. */
export function waitOption(description: string, defaultSeconds: number): Option {
  return new Option('--wait <seconds>', description)
    .argParser(parseSeconds)
    .default(defaultSeconds * SECOND_MS, `${defaultSeconds}`)
}

/** Reads a time in seconds as milliseconds. */
export function parseSeconds(text: string): number {
  const seconds = Number(text)
  if (!/^\d+(\.\d+)?$/.test(text) || seconds > MAX_WAIT_SECONDS) {
    throw new InvalidArgumentError('It must be a number of seconds, at most a week.')
  }
  return seconds * SECOND_MS
}

/** Reads a positive whole number. */
export function parseCount(text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) {
    throw new InvalidArgumentError('It must be a whole number from 1 on.')
  }
  return Number(text)
}
