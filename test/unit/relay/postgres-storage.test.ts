import { afterAll, beforeAll, describe } from 'vitest'
import { migratePostgres } from '#relay/postgres/schema.ts'
import { openPostgresStorage } from '#relay/postgres/storage.ts'
import type { RelayStorage } from '#relay/storage.ts'
import {
  databaseAddress,
  POSTGRES_PROGRAMS,
  PostgresServer,
} from '#test/helpers/postgres-server.ts'
import { storageConformance } from './storage-conformance.ts'

const MISSING = POSTGRES_PROGRAMS === null
const WHY = MISSING ? ' (skipped: this machine has no PostgreSQL; Debian: postgresql)' : ''

describe.skipIf(MISSING)(`the PostgreSQL engine${WHY}`, () => {
  let server: PostgresServer

  beforeAll(async () => {
    server = await PostgresServer.create('unit')
    await server.start()
    await migratePostgres(databaseAddress(server.url))
  })
  afterAll(() => server.remove())

  function open(): Promise<RelayStorage> {
    return openPostgresStorage({
      address: databaseAddress(server.url),
      withoutStandbys: true,
      wakeUp: 'listen',
      log: () => undefined,
    })
  }

  storageConformance('PostgreSQL', {
    open: async () => {
      const tables = ['accounts', 'envelopes', 'envelope_ids', 'nonces', 'invite_codes', 'presence']
      await server.query(
        `DO 'BEGIN ${tables.map((table) => `DELETE FROM sotto.${table}`).join(';')}; END'`,
      )
      return open()
    },
    openAnother: open,
  })
})
