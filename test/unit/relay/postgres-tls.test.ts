import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { migratePostgres } from '#relay/postgres/schema.ts'
import { openPostgresStorage } from '#relay/postgres/storage.ts'
import type { RelayStorage } from '#relay/storage.ts'
import {
  databaseAddress,
  POSTGRES_PROGRAMS,
  PostgresServer,
} from '#test/helpers/postgres-server.ts'
import { TEST_CERTIFICATE, TEST_KEY } from '../relay-client/tls-fixture.ts'

const MISSING = POSTGRES_PROGRAMS === null
const WHY = MISSING ? ' (skipped: this machine has no PostgreSQL; Debian: postgresql)' : ''

describe.skipIf(MISSING)(`TLS to PostgreSQL${WHY}`, () => {
  let server: PostgresServer
  let folder: string
  let authority: string

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sotto-tls-'))
    authority = join(folder, 'authority.pem')
    writeFileSync(authority, TEST_CERTIFICATE)
    server = await PostgresServer.create('tls')
    // The second address is not in the certificate.
    server.configure({ listen_addresses: '127.0.0.1, 127.0.0.2' })
    server.useCertificate(TEST_CERTIFICATE, TEST_KEY)
    await server.start()
    await migratePostgres(databaseAddress(server.url))
  })
  afterAll(async () => {
    await server.remove()
    rmSync(folder, { recursive: true })
  })

  function open(host: string, parameters: string): Promise<RelayStorage> {
    return openPostgresStorage({
      address: databaseAddress(`postgres://sotto@${host}:${server.port}/postgres?${parameters}`),
      withoutStandbys: true,
      wakeUp: 'listen',
      log: () => undefined,
    })
  }

  async function sessions(): Promise<readonly boolean[]> {
    const rows = await server.query<{ ssl: boolean }>(
      "SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'sotto-relay'",
    )
    return rows.map(({ ssl }) => ssl)
  }

  test.each([
    ['127.0.0.1', 'sslmode=verify-full', true],
    ['127.0.0.2', 'sslmode=verify-ca', true],
    ['127.0.0.2', 'sslmode=require', false],
  ])('%s with %s: every session is encrypted', async (host, mode, named) => {
    const storage = await open(host, named ? `${mode}&sslrootcert=${authority}` : mode)
    await storage.ping()
    const encrypted = await sessions()
    expect(encrypted.length).toBeGreaterThan(1)
    expect(new Set(encrypted)).toEqual(new Set([true]))
    await storage.close()
  })

  test.concurrent.each([
    ['a name that is not in the certificate', '127.0.0.2', 'sslmode=verify-full', true],
    ['an authority nobody named', '127.0.0.1', 'sslmode=verify-full', false],
    ['an authority nobody named, without names', '127.0.0.1', 'sslmode=verify-ca', false],
  ])('%s is refused', async (_what, host, mode, named) => {
    const opened = open(host, named ? `${mode}&sslrootcert=${authority}` : mode)
    await expect(opened).rejects.toThrow(/No primary answers at .*(altnames|self-signed)/)
  })
})
