import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { RequestSigner } from '#core/ports.ts'
import { randomBytes } from '#crypto/primitives.ts'
import type { RelayOptions } from '#relay/config.ts'
import { RelayClient } from '#relay-client/client.ts'
import { PieceSize } from '#relay-client/piece-size.ts'
import { ShiftedClock, testAccount, testRelay, unwrap, type TestRelay } from '../relay/harness.ts'
import { Front } from './front.ts'

const LENGTH = 3_000_000

/** A clock on which waiting takes no time. */
class ImpatientClock extends ShiftedClock {
  override schedule(_delayMs: number, callback: () => void): () => void {
    return super.schedule(5, callback)
  }
}

let dataDir: string
let relay: TestRelay
let front: Front
let host: string
let client: RelayClient
let ada: RequestSigner

async function startRelay(options: RelayOptions = {}): Promise<void> {
  relay = await testRelay({ dataDir, limits: { blobReserveBytes: 0 }, ...options })
}

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'sotto-transfers-'))
  await startRelay()
  front = await Front.start(relay.url)
  host = front.host
  client = new RelayClient({ clock: new ImpatientClock(), random: randomBytes })
  const direct = new RelayClient({ clock: new ShiftedClock(), random: randomBytes })
  ada = (await testAccount(relay, direct, 'ada')).signer
  await direct.close()
})
afterEach(async () => {
  await client.close()
  await front.close()
  await relay.close()
  rmSync(dataDir, { recursive: true })
})

const body = randomBytes(LENGTH)

function upload(change: { key?: Uint8Array; progressed?: (bytes: number) => void } = {}) {
  return client.uploadBlob(host, ada, {
    key: randomBytes(16),
    length: LENGTH,
    read: async (offset, length) => body.subarray(offset, offset + length),
    ...change,
  })
}

async function download(id: Uint8Array, from = 0, length = LENGTH) {
  const got = Buffer.alloc(LENGTH)
  const result = await client.downloadBlob(host, {
    id,
    from,
    length,
    write: async (piece, offset) => got.set(piece, offset),
  })
  return { result, got: new Uint8Array(got.subarray(from)) }
}

describe('attachments between client and relay', () => {
  test('go up and come down', async () => {
    const progress: number[] = []
    const { id, expiresAtMs } = unwrap(
      await upload({ progressed: (bytes) => progress.push(bytes) }),
    )
    expect(expiresAtMs).toBeGreaterThan(Date.now() + 13 * 24 * 3_600_000)
    expect(progress).toEqual(progress.toSorted((a, b) => a - b))
    expect(progress.at(-1)).toBe(LENGTH)
    expect(await download(id)).toEqual({ result: { ok: true, value: undefined }, got: body })
    expect((await download(id, 1_000_000)).got).toEqual(body.subarray(1_000_000))
  })

  test('connections that break again and again are gone over', async () => {
    front.cutAfterBytes = 1_300_000
    const { id } = unwrap(await upload())
    expect(await download(id)).toEqual({ result: { ok: true, value: undefined }, got: body })
  })

  test('a relay that is started anew goes on where it was', async () => {
    const key = randomBytes(16)
    const port = Number(new URL(relay.url).port)
    const restarts: Promise<void>[] = []
    const progress: number[] = []
    const stored = await upload({
      key,
      progressed: (bytes) => {
        progress.push(bytes)
        if (bytes < 500_000 || restarts.length > 0) return
        restarts.push(relay.close().then(() => startRelay({ port })))
      },
    })
    await Promise.all(restarts)
    const { id } = unwrap(stored)
    // Never less than what was durable before.
    expect(progress).toEqual(progress.toSorted((a, b) => a - b))
    expect((await download(id)).got).toEqual(body)
    expect(unwrap(await upload({ key })).id).toEqual(id)
  })

  test('one that is given up can be taken up later', async () => {
    const key = randomBytes(16)
    front.cutAfterBytes = 700_000
    const cancel = new AbortController()
    const first = await client.uploadBlob(host, ada, {
      key,
      length: LENGTH,
      read: async (offset, length) => body.subarray(offset, offset + length),
      progressed: (bytes) => bytes > 400_000 && cancel.abort(),
      signal: cancel.signal,
    })
    expect(first).toMatchObject({ ok: false, error: { code: 'CANCELLED' } })
    front.cutAfterBytes = null
    const progress: number[] = []
    const { id } = unwrap(await upload({ key, progressed: (bytes) => progress.push(bytes) }))
    expect(progress[0]).toBeGreaterThan(400_000)
    expect((await download(id)).got).toEqual(body)
  })

  test('a relay that stays away is given up', async () => {
    await front.close()
    expect(await upload()).toMatchObject({ ok: false, error: { code: 'RELAY_UNREACHABLE' } })
  })

  test('a deleted one is gone, for its owner as for others', async () => {
    const { id } = unwrap(await upload())
    expect(await client.deleteBlob(host, ada, id)).toEqual({ ok: true, value: undefined })
    expect(await client.deleteBlob(host, ada, id)).toEqual({ ok: true, value: undefined })
    expect((await download(id)).result).toMatchObject({ ok: false, error: { code: 'NOT_FOUND' } })
  })

  test('a relay that tells another length than the sender is not believed', async () => {
    const { id } = unwrap(await upload())
    expect((await download(id, 0, LENGTH - 1)).result).toMatchObject({ ok: false })
    expect((await download(id, LENGTH, LENGTH + 5)).result).toMatchObject({
      ok: false,
      error: { code: 'NOT_FOUND' },
    })
  })

  test('a full account and a file too large are told', async () => {
    await relay.close()
    const port = Number(new URL(relay.url).port)
    await startRelay({ port, limits: { accountBlobBytes: LENGTH - 1, blobReserveBytes: 0 } })
    expect(await upload()).toMatchObject({ ok: false, error: { code: 'UPLOAD_QUOTA_REACHED' } })
    await relay.close()
    await startRelay({ port, limits: { blobBytes: LENGTH - 1 } })
    expect(await upload()).toMatchObject({ ok: false, error: { code: 'TOO_LARGE' } })
  })

  test('go through the proxy of the user', async () => {
    const asked: string[] = []
    const proxy = createServer((socket) => {
      socket.once('data', (head) => {
        asked.push(head.toString('latin1').split('\r\n')[0] ?? '')
        const upstream = connect(Number(new URL(relay.url).port), '127.0.0.1', () => {
          socket.write('HTTP/1.1 200 OK\r\n\r\n')
          socket.pipe(upstream).pipe(socket)
        })
        upstream.on('error', () => socket.destroy())
        socket.on('error', () => upstream.destroy())
      })
    })
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
    const { port } = proxy.address() as AddressInfo
    // A name that only the proxy knows, in a private network, so that it may be plain HTTP.
    client.setProxy({ kind: 'custom', url: `http://127.0.0.1:${port}` })
    await relay.close()
    await startRelay({
      publicUrl: 'http://192.168.7.7:8443',
      port: Number(new URL(relay.url).port),
    })
    host = '192.168.7.7:8443'
    const { id } = unwrap(await upload())
    expect((await download(id)).got).toEqual(body)
    expect(new Set(asked)).toEqual(new Set(['CONNECT 192.168.7.7:8443 HTTP/1.1']))
    await client.close()
    await new Promise((resolve) => proxy.close(resolve))
  })
})

test('the size of pieces follows the line, within bounds', () => {
  const size = new PieceSize(64, 1_048_576 * 2)
  expect(size.bytes).toBe(524_288)
  for (let count = 0; count < 5; count++) size.succeeded(10)
  expect(size.bytes).toBe(2_097_152)
  size.succeeded(3_000)
  expect(size.bytes).toBe(2_097_152)
  size.succeeded(5_000)
  expect(size.bytes).toBe(1_048_576)
  for (let count = 0; count < 30; count++) size.failed()
  expect(size.bytes).toBe(64)
})
