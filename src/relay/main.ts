#!/usr/bin/env node
import { CommanderError, type Command } from 'commander'
import manifest from '../../package.json' with { type: 'json' }
import { relayCommand } from './command.ts'
import { RELAY_EXIT } from './commands/command-failure.ts'

function throwInstead(command: Command): void {
  command.exitOverride().helpOption('--help', 'show help')
  for (const inner of command.commands) throwInstead(inner)
}

const command = relayCommand().version(manifest.version, '--version', 'show the version')
throwInstead(command)
try {
  await command.parseAsync()
} catch (cause) {
  if (!(cause instanceof CommanderError)) throw cause
  // Help and version end this way as well.
  process.exitCode = cause.exitCode === 0 ? RELAY_EXIT.done : RELAY_EXIT.usage
}
