import { Command } from 'commander'
import { adminCommand } from './commands/admin.ts'
import { backupCommand, restoreCommand } from './commands/backup.ts'
import { migrateCommand, moveCommand, newEraCommand } from './commands/cluster.ts'
import { printSettings } from './commands/config.ts'
import { checkHealth } from './commands/health.ts'
import { inviteExpiryMs, withInviteOptions, type InviteFlags } from './commands/invite-options.ts'
import { perform } from './commands/perform.ts'
import { runRelay } from './commands/run.ts'
import {
  readPlace,
  readSettings,
  withPlaceOptions,
  withSettingOptions,
} from './commands/setting-options.ts'
import { createInviteCode } from './relay.ts'

/** `relay invite-code`: as `relay admin invites create`, also while no relay runs. */
function inviteCodeCommand(): Command {
  return withInviteOptions(withPlaceOptions(new Command('invite-code')))
    .description('Make a code that lets people register; the relay may be running.')
    .action((flags: InviteFlags, self: Command) =>
      perform(self, async (output) => {
        const { uses } = flags
        const expiresAtMs = inviteExpiryMs(flags)
        const code = await createInviteCode(await readPlace(self), { uses, expiresAtMs })
        output.result({ code, uses, expiresAtMs }, code)
      }),
    )
}

function configCommand(): Command {
  return withSettingOptions(new Command('config'))
    .description('Show every setting, its value without secrets, and where it comes from.')
    .option('--json', 'print JSON')
    .action((_options: unknown, self: Command) =>
      perform(self, async (output) => printSettings(await readSettings(self), output)),
    )
}

function healthCommand(): Command {
  return withSettingOptions(new Command('health'))
    .description('Ask the relay with these settings whether it is ready, for health checks.')
    .option('--json', 'print JSON')
    .action((_options: unknown, self: Command) =>
      perform(self, async (output) => checkHealth(await readSettings(self), output)),
    )
}

/** `sotto relay`: runs a relay until it is told to end, and looks after it. */
export function relayCommand(): Command {
  return withSettingOptions(new Command('relay'))
    .description('Run a relay: it stores sealed envelopes until their receivers fetch them.')
    .enablePositionalOptions()
    .allowExcessArguments()
    .option('--print-config', 'show the settings instead of running')
    .option('--json', 'print one JSON line per event')
    .addHelpText(
      'after',
      `
Every setting can also come from the environment (SOTTO_RELAY_PORT; SOTTO_RELAY_PORT_FILE names a file that
has it) or from --config. Flags go before the environment, the environment before the file.

Examples:
  relay --port 8443 --data ./relay-data
  relay --host 0.0.0.0 --tls-cert cert.pem --tls-key key.pem
  relay --invite-only --set limits.mailboxEnvelopes=5000
  relay admin invites create --uses 5
  relay backup --to ./backups
  relay migrate --database postgres://relay@db1,db2,db3/sotto
  relay --database postgres://relay@db1,db2,db3/sotto

Exit codes: 0 done · 1 failed · 2 usage or settings · 3 no relay there, or not ready`,
    )
    .action((_options: unknown, self: Command) => perform(self, (output) => runRelay(self, output)))
    .addCommand(configCommand())
    .addCommand(healthCommand())
    .addCommand(adminCommand())
    .addCommand(backupCommand())
    .addCommand(restoreCommand())
    .addCommand(inviteCodeCommand())
    .addCommand(migrateCommand())
    .addCommand(moveCommand())
    .addCommand(newEraCommand())
}
