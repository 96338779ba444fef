import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RequestSigner } from '#core/ports.ts'
import { tokenHash } from '#crypto/delivery-token.ts'
import { randomBytes, Sha256Stream } from '#crypto/primitives.ts'
import { encodeBase64Url, encodeHex } from '#shared/bytes.ts'
import { CERTIFICATE, testClient, testSigner, unwrap } from '../unit/relay/harness.ts'
import { RelayProcess } from './processes.ts'

const ROUNDS = Number(process.env['SOTTO_ROUNDS'] ?? 10)
const MIB = 1024 * 1024
const LONGEST_RUN_MS = 400
/** What a relay may take more while a hundred times as much passes through it, in buffers that wait to be collected. */
const MAX_GROWTH_BYTES = 64 * MIB

/** Bytes that can be made again from any place on. */
function content(seed: Uint8Array): (offset: number, length: number) => Promise<Uint8Array> {
  return async (offset, length) => {
    const bytes = new Uint8Array(length)
    for (let index = 0; index < length; index++) {
      const place = offset + index
      bytes[index] = (seed[place % seed.length] ?? 0) ^ (place >> 16)
    }
    return bytes
  }
}

const folder = mkdtempSync(join(tmpdir(), 'sotto-crash-attachments-'))
const config = join(import.meta.dirname, 'attachments-config.json')
const relay = new RelayProcess(folder, config, [], ['--metrics-port', '0'])
const client = testClient()
const ada: RequestSigner = testSigner('ada')
const token = randomBytes(32)

beforeAll(async () => {
  await relay.start()
  unwrap(await client.register(relay.host, ada, { certificate: CERTIFICATE }, null))
  const add = [{ hash: tokenHash(token), label: randomBytes(16), uses: null, expiresAtMs: null }]
  unwrap(await client.putTokens(relay.host, ada, { add, revoke: [] }))
})
afterAll(async () => {
  await client.close()
  await relay.kill()
  rmSync(folder, { recursive: true })
})

describe('a relay through which an attachment of 100 MiB passes', () => {
  const LENGTH = 100 * MIB
  const read = content(randomBytes(997))

  /** The most that the relay takes beyond what it takes now, while something happens. */
  async function growthDuring(work: () => Promise<void>): Promise<number> {
    const memory = () => relay.metric('process_resident_memory_bytes')
    const before = await memory()
    let most = before
    let running = true
    const watch = (async () => {
      while (running) {
        most = Math.max(most, await memory())
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    })()
    await work()
    running = false
    await watch
    return most - before
  }

  async function transfer(length: number): Promise<Uint8Array> {
    const { id } = unwrap(
      await client.uploadBlob(relay.host, ada, { key: randomBytes(16), length, read }),
    )
    const sent = new Sha256Stream()
    const received = new Sha256Stream()
    const write = async (piece: Uint8Array, offset: number): Promise<void> => {
      received.update(piece)
      sent.update(await read(offset, piece.length))
    }
    unwrap(await client.downloadBlob(relay.host, { id, from: 0, length, write }))
    expect(encodeHex(received.digest())).toBe(encodeHex(sent.digest()))
    return id
  }

  test('takes no more memory for it, up, down in pieces, and down at once by a slow reader', async () => {
    // What it needs anyway, it has then.
    await transfer(20 * MIB)
    let id = new Uint8Array()
    const inPieces = await growthDuring(async () => {
      id = Uint8Array.from(await transfer(LENGTH))
    })
    expect(inPieces).toBeLessThan(MAX_GROWTH_BYTES)
    const atOnce = await growthDuring(async () => {
      const response = await fetch(`http://${relay.host}/v1/blobs/${encodeBase64Url(id)}`)
      let bytes = 0
      for await (const chunk of response.body ?? []) {
        bytes += chunk.length
        if (bytes % 40 === 0) await new Promise((resolve) => setTimeout(resolve, 5))
      }
      expect(bytes).toBe(LENGTH)
    })
    expect(atOnce).toBeLessThan(MAX_GROWTH_BYTES)
    unwrap(await client.deleteBlob(relay.host, ada, id))
  })
})

describe('a relay killed in the middle of uploads, commits and batches', () => {
  const LENGTH = 3 * MIB
  const group = randomBytes(32)
  const groupToken = randomBytes(32)
  /** The commits that were acknowledged, by epoch. */
  const committed = new Map<number, string>()
  const deposited = new Set<string>()
  let nextEpoch = 0

  /** Commits one after another, each again until it is acknowledged. */
  async function commit(stop: AbortSignal): Promise<void> {
    let body = randomBytes(300)
    while (!stop.aborted) {
      const epoch = nextEpoch
      const put = await client.putCommit(relay.host, {
        group,
        epoch,
        token: groupToken,
        nextToken: groupToken,
        commit: body,
      })
      if (put.ok) {
        committed.set(epoch, encodeHex(body))
        nextEpoch += 1
        body = randomBytes(300)
      } else if (put.error.code === 'CONFLICT') {
        // Of an earlier round: it was stored, and the answer was lost.
        nextEpoch += 1
      } else expect(put.error.code).toBe('RELAY_UNREACHABLE')
    }
  }

  async function depositBatches(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      const targets = Array.from({ length: 5 }, () => ({
        envelopeId: randomBytes(16),
        token,
        deviceId: 1,
      }))
      const batch = { targets, envelope: randomBytes(1_000) }
      const outcomes = await client.depositBatch(relay.host, batch)
      if (!outcomes.ok) continue
      for (const [index, outcome] of outcomes.value.entries()) {
        const id = targets[index]?.envelopeId
        if (outcome.ok && id !== undefined) deposited.add(encodeHex(id))
      }
    }
  }

  /** Everything that waits for the device. */
  async function receive(): Promise<ReadonlySet<string>> {
    const received = new Set<string>()
    await new Promise<void>((resolve) => {
      const subscription = client.subscribe(relay.host, ada, 0, {
        received: async (batch) => {
          for (const { envelopeId } of batch) received.add(encodeHex(envelopeId))
        },
        drained: () => void subscription.close().then(resolve),
        stateChanged: () => undefined,
      })
    })
    return received
  }

  async function commits(): Promise<ReadonlyMap<number, string>> {
    const found = new Map<number, string>()
    for (let complete = false; !complete;) {
      const after = [...found.keys()].at(-1) ?? null
      const page = unwrap(
        await client.fetchCommits(relay.host, { group, token: groupToken, after }),
      )
      for (const one of page.commits) found.set(one.epoch, encodeHex(one.commit))
      complete = page.complete
    }
    return found
  }

  test(`${ROUNDS} times, it goes on where it was, and has everything it acknowledged`, async () => {
    const received = new Set<string>()
    let uploadsCut = 0
    for (let round = 0; round < ROUNDS; round++) {
      const stop = new AbortController()
      const read = content(randomBytes(997))
      const key = randomBytes(16)
      let durable = 0
      const upload = client.uploadBlob(relay.host, ada, {
        key,
        length: LENGTH,
        read,
        progressed: (bytes) => (durable = bytes),
        signal: stop.signal,
      })
      const load = Promise.all([commit(stop.signal), depositBatches(stop.signal)])
      const [byte = 0] = randomBytes(1)
      await new Promise((resolve) => setTimeout(resolve, 20 + (byte / 255) * LONGEST_RUN_MS))
      await relay.kill()
      stop.abort()
      if (!(await upload).ok) uploadsCut += 1
      await load
      await relay.start()

      const atKill = durable
      let first: number | null = null
      const stored = await client.uploadBlob(relay.host, ada, {
        key,
        length: LENGTH,
        read,
        progressed: (bytes) => (first ??= bytes),
      })
      expect(first).toBeGreaterThanOrEqual(atKill)
      const { id } = unwrap(stored)
      const write = async (piece: Uint8Array, offset: number): Promise<void> => {
        expect(Buffer.compare(piece, await read(offset, piece.length))).toBe(0)
      }
      unwrap(await client.downloadBlob(relay.host, { id, from: 0, length: LENGTH, write }))
      unwrap(await client.deleteBlob(relay.host, ada, id))
      for (const one of await receive()) received.add(one)
    }
    expect(uploadsCut).toBeGreaterThan(0)
    expect(deposited.size).toBeGreaterThan(ROUNDS)
    expect([...deposited].filter((id) => !received.has(id))).toEqual([])
    expect(committed.size).toBeGreaterThan(ROUNDS)
    const found = await commits()
    expect([...committed].filter(([epoch, body]) => found.get(epoch) !== body)).toEqual([])
  })
})
