import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import SQLite from 'better-sqlite3'
import { randomBytes } from '#crypto/primitives.ts'
import { encodeBase64Url } from '#shared/bytes.ts'
import { call, testAccount, testClient, testSigner, type TestRelay } from './harness.ts'

const MAIN = fileURLToPath(new URL('../../../src/relay/main.ts', import.meta.url))
const TOLD_ADDRESS = '198.51.100.23'

test('the log names nobody who asks, no account and no token, whatever fails', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sotto-relay-log-'))
  const flags = ['--port', '0', '--data', folder, '--json', '--trust-proxy', '--pow-bits', '0']
  const child = spawn(process.execPath, [MAIN, ...flags, '--log-level', 'debug'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let log = ''
  let own = ''
  const secrets = ['persephone', TOLD_ADDRESS]
  child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString('utf8')))
  const ended = new Promise((resolve) => child.once('exit', resolve))
  const client = testClient()
  try {
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    const ready = JSON.parse(String((await lines.next()).value)) as { url: string }
    own = new URL(ready.url).host
    const relay: TestRelay = {
      url: ready.url,
      host: new URL(ready.url).host,
      metricsUrl: null,
      close: () => Promise.resolve(),
    }
    const { signer, token } = await testAccount(relay, client, 'persephone')
    const id = encodeBase64Url(randomBytes(16))
    secrets.push(id, encodeBase64Url(token), Buffer.from(token).toString('hex'))
    const deposit = () =>
      call(relay, 'PUT', `/v1/envelopes/${id}`, {
        body: randomBytes(10),
        headers: {
          'sotto-delivery-token': encodeBase64Url(token),
          'sotto-device': '1',
          'x-forwarded-for': TOLD_ADDRESS,
        },
      })
    expect((await deposit()).status).toBe(201)
    await client.register(relay.host, testSigner('persephone'), { certificate: token }, null)
    await client.fetchIdentity(relay.host, 'persephone')
    await client.prekeysLeft(relay.host, signer)
    // Something that the relay does not expect: it answers INTERNAL, and logs the cause.
    const database = new SQLite(join(folder, 'relay.db'))
    database.exec('DROP TABLE tokens')
    database.close()
    expect(await deposit()).toMatchObject({ status: 500, code: 'INTERNAL' })
  } finally {
    await client.close()
    child.kill()
    await ended
    rmSync(folder, { recursive: true })
  }
  expect(log).toContain('no such table')
  for (const secret of secrets) expect(log).not.toContain(secret)
  // Where it listens is told; nothing else that is an address.
  expect(log.replaceAll(own, '')).not.toMatch(/\d+\.\d+\.\d+\.\d+/)
})
