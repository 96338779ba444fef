import { Command } from 'commander'
import { relayCommand } from '#relay/command.ts'
import manifest from '../../package.json' with { type: 'json' }
import { initCommand, inviteCommand, whoamiCommand } from './commands/account.ts'
import { addCommand, contactChangeCommands, requestsCommand } from './commands/contacts.ts'
import { conversationsCommand, exportCommand, messagesCommand } from './commands/history.ts'
import { relaysCommand } from './commands/relays.ts'
import { receiveCommand } from './commands/receive.ts'
import { rpcCommand } from './commands/rpc.ts'
import { sendCommand } from './commands/send.ts'
import { verifyCommand } from './commands/verify.ts'
import { withProfileOptions, type Perform } from './profile-command.ts'
import type { Surroundings } from './surroundings.ts'

const AFTER_HELP = `
Examples:
  sotto init ada --relay relay.example.org
  sotto invite
  sotto send ben@relay.example.org 'Hello Ben'
  sotto receive --wait 60
  sotto help send

Exit codes:
  0 done · 1 failed · 2 usage · 3 network · 4 keychain or passphrase · 5 profile
  6 done here, waits for the relay or the contact · 7 keys differ`

/** The whole command line. It throws a CommanderError instead of ending the process. */
export function buildProgram(
  perform: Perform,
  { stdout, stderr }: Pick<Surroundings, 'stdout' | 'stderr'>,
): Command {
  const program = withProfileOptions(
    new Command('sotto')
      .description('Sotto at the command line: end-to-end encrypted messages, bots, and the relay.')
      .version(manifest.version, '--version', 'show the version')
      .helpOption('--help', 'show help')
      .helpCommand('help [command]', 'show the help of a command')
      .enablePositionalOptions()
      .exitOverride()
      .configureOutput({
        writeOut: (text) => void stdout.write(text),
        writeErr: (text) => void stderr.write(text),
      })
      .showHelpAfterError('(sotto --help shows what there is)')
      .addHelpText('after', AFTER_HELP),
  )
  const commands = [
    initCommand(perform),
    whoamiCommand(perform),
    inviteCommand(perform),
    addCommand(perform),
    requestsCommand(perform),
    ...contactChangeCommands(perform),
    sendCommand(perform),
    receiveCommand(perform),
    conversationsCommand(perform),
    messagesCommand(perform),
    verifyCommand(perform),
    relaysCommand(perform),
    exportCommand(perform),
    rpcCommand(perform),
    relayCommand(),
  ]
  for (const command of commands) program.addCommand(inherit(command, program))
  return program
}

/** Gives a command (and its own) the settings of the program: how it ends, where it prints. */
function inherit(command: Command, from: Command): Command {
  command.copyInheritedSettings(from).helpOption('--help', 'show help')
  for (const inner of command.commands) inherit(inner, command)
  return command
}
