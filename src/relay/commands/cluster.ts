import { Command } from 'commander'
import { databasePath } from '../data-folder.ts'
import { moveRelay } from '../move/move.ts'
import type { StoragePlace } from '../open-storage.ts'
import {
  describeDatabase,
  parseDatabaseUrl,
  type DatabaseAddress,
} from '../postgres/database-url.ts'
import { beginEra } from '../postgres/era.ts'
import { migratePostgres } from '../postgres/schema.ts'
import { CommandFailure } from './command-failure.ts'
import { perform } from './perform.ts'
import { readPlace, withPlaceOptions } from './setting-options.ts'
import { table } from './table.ts'

function givenDatabase({ database }: StoragePlace): DatabaseAddress {
  const address = database === null ? null : parseDatabaseUrl(database)
  if (address?.ok === true) return address.value
  throw new CommandFailure('INVALID_INPUT', 'Say which database: --database postgres://…')
}

/** `relay migrate` */
export function migrateCommand(): Command {
  return withPlaceOptions(new Command('migrate'))
    .description('Bring the tables of a PostgreSQL database to the newest version; relays may run.')
    .action((_options: unknown, self: Command) =>
      perform(self, async (output) => {
        const address = givenDatabase(await readPlace(self))
        const { from, to } = await migratePostgres(address)
        const database = describeDatabase(address)
        output.result({ database, from, to }, `${database}: version ${from} -> ${to}`)
      }),
    )
}

/** `relay new-era` */
export function newEraCommand(): Command {
  return withPlaceOptions(new Command('new-era'))
    .description(
      'Say that an older copy of a PostgreSQL database was restored; relays must not run.',
    )
    .action((_options: unknown, self: Command) =>
      perform(self, async (output) => {
        const place = await readPlace(self)
        const address = givenDatabase(place)
        await beginEra(address, place.withoutStandbys, Date.now())
        const database = describeDatabase(address)
        output.result(
          { database },
          [
            `${database}: a new era has begun; start the relays again.`,
            'Invite codes of the copy are gone: make new ones. Devices refill their one-time keys by themselves.',
          ].join('\n'),
        )
      }),
    )
}

/** `relay move` */
export function moveCommand(): Command {
  return withPlaceOptions(new Command('move'))
    .description('Move a relay that does not run from its folder (--data) to an empty --database.')
    .action((_options: unknown, self: Command) =>
      perform(self, async (output) => {
        const place = await readPlace(self)
        const address = givenDatabase(place)
        if (place.dataDir === null) throw new TypeError('the folder has a default')
        const { where, tables } = await moveRelay(databasePath(place.dataDir), address)
        const rows = tables.map((moved) => [moved.table, moved.rows, moved.digest])
        output.result(
          { where, tables },
          `Moved to ${where}, the same at both:\n${table(['Table', 'Rows', 'Digest'], rows)}`,
        )
      }),
    )
}
