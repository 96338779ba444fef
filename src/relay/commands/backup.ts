import { Command, InvalidArgumentError } from 'commander'
import { readdirSync, rmSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { databasePath, markBackup } from '../data-folder.ts'
import { lockFolder } from '../folder-lock.ts'
import { backUpDatabase } from '../sqlite/backup.ts'
import { restoreDatabase } from '../sqlite/restore.ts'
import { CommandFailure } from './command-failure.ts'
import { perform } from './perform.ts'
import { readFolder, withFolderOptions } from './setting-options.ts'

const PARTIAL_NAME = /^\.relay-\d{8}T\d{6}Z\.db\.[0-9a-f]{12}\.partial$/
/** Longer than any backup takes. */
const PARTIAL_KEPT_MS = 24 * 60 * 60_000
const DATED_NAME = /^relay-\d{8}T\d{6}Z\.db$/

function positive(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text))
    throw new InvalidArgumentError('It must be a whole number from 1.')
  return Number(text)
}

/** A name that sorts by time. */
function datedName(nowMs: number): string {
  return `relay-${new Date(nowMs).toISOString().replaceAll(/[-:]|\.\d+/g, '')}.db`
}

/** @throws what the system says where it does not let this user look. */
function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

/** Removes the oldest backups of a folder, and what interrupted ones have left. @returns the names of the former. */
function removeOldest(folder: string, keep: number): readonly string[] {
  const dated = readdirSync(folder).filter((name) => DATED_NAME.test(name))
  const old = dated.toSorted().slice(0, Math.max(0, dated.length - keep))
  for (const name of old) rmSync(join(folder, name))
  for (const name of readdirSync(folder).filter((one) => PARTIAL_NAME.test(one))) {
    const { mtimeMs } = statSync(join(folder, name))
    if (mtimeMs < Date.now() - PARTIAL_KEPT_MS) rmSync(join(folder, name))
  }
  return old
}

interface BackupFlags {
  readonly to: string
  readonly keep?: number
}

/** `relay backup` */
export function backupCommand(): Command {
  return withFolderOptions(new Command('backup'))
    .description(
      'Copy the database, checked, while the relay runs (SQLite; for PostgreSQL see the docs).',
    )
    .requiredOption('--to <path>', 'file to write, or a folder that gets a file named by the time')
    .option('--keep <number>', 'remove older ones in that folder, keep so many', positive)
    .addHelpText(
      'after',
      '\nExample:\n  relay backup --data /var/lib/sotto-relay --to /var/backups/sotto-relay --keep 14',
    )
    .action(({ to, keep }: BackupFlags, self: Command) =>
      perform(self, async (output) => {
        const folder = await readFolder(self)
        const database = databasePath(folder)
        if (!exists(database)) {
          throw new CommandFailure('NOT_FOUND', `There is no database of a relay at ${folder}.`)
        }
        const intoFolder = isFolder(to)
        if (keep !== undefined && !intoFolder) {
          throw new CommandFailure('INVALID_INPUT', '--keep wants an existing folder after --to.')
        }
        const file = resolve(intoFolder ? join(to, datedName(Date.now())) : to)
        if (!isFolder(dirname(file))) {
          throw new CommandFailure('NOT_FOUND', `There is no folder ${dirname(file)}.`)
        }
        if (exists(file)) {
          throw new CommandFailure('CONFLICT', `${file} is there already: nothing was written.`)
        }
        const { accounts, waiting, version } = backUpDatabase(database, file)
        const removed = keep === undefined ? [] : removeOldest(to, keep)
        await markBackup(folder)
        const { size } = statSync(file)
        output.result(
          { file, bytes: size, accounts, waiting, version, removed },
          `${file}: ${accounts} accounts, ${waiting} waiting envelopes, checked`,
        )
      }),
    )
}

interface RestoreFlags {
  readonly from: string
  readonly force?: true
}

/** `relay restore` */
export function restoreCommand(): Command {
  return withFolderOptions(new Command('restore'))
    .description('Bring a backup back as the database of a relay that does not run.')
    .requiredOption('--from <file>', 'the backup')
    .option('--force', 'where there is a database already: keep it beside the restored one')
    .addHelpText(
      'after',
      '\nExample:\n  relay restore --from relay-20261127T030000Z.db --data /var/lib/sotto-relay',
    )
    .action(({ from, force }: RestoreFlags, self: Command) =>
      perform(self, async (output) => {
        const folder = await readFolder(self)
        if (!exists(from)) throw new CommandFailure('NOT_FOUND', `There is no file ${from}.`)
        const lock = lockFolder(folder)
        if (lock === null) {
          throw new CommandFailure('CONFLICT', `A relay runs at ${folder}: end it first.`)
        }
        try {
          const database = databasePath(folder)
          if (exists(database) && !force) {
            const message = `${folder} has a database already. --force restores beside it and keeps it.`
            throw new CommandFailure('CONFLICT', message)
          }
          const { accounts, waiting, keptAs } = await restoreDatabase(from, database, Date.now())
          output.result(
            { database, accounts, waiting, keptAs },
            [
              `${database}: ${accounts} accounts, ${waiting} waiting envelopes`,
              ...(keptAs === null ? [] : [`What was there before is kept as ${basename(keptAs)}.`]),
              'Invite codes of the backup are gone: make new ones. Devices refill their one-time keys by themselves.',
            ].join('\n'),
          )
        } finally {
          lock.release()
        }
      }),
    )
}
