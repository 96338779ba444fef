import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import SQLite from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { KeyLogProof } from '#core/relay-log-ports.ts'
import { createDeviceList, listDevice, verifyDeviceList } from '#crypto/device-list.ts'
import { verifyChainProof } from '#crypto/key-log.ts'
import { createCheckpoint, verifyCheckpoint } from '#crypto/log-checkpoints.ts'
import { randomBytes, SigningKeyPair, type SigningPublicKey } from '#crypto/primitives.ts'
import { KeyLog } from '#relay/key-log/key-log.ts'
import { migrate } from '#relay/sqlite/schema.ts'
import { openSqliteStorage } from '#relay/sqlite/storage.ts'
import { decodeBase64Url, encodeBase64Url } from '#shared/bytes.ts'
import { valueOf } from '#test/helpers/value-of.ts'
import {
  call,
  memoryStorage,
  signed,
  testClient,
  testRelay,
  throwFatal,
  unwrap,
  type TestRelay,
} from './harness.ts'
import { keyLogConformance } from './key-log-conformance.ts'

keyLogConformance('SQLite', () => memoryStorage())

/** Somebody with a device and a list of it. */
function account(
  name: string,
  change: { readonly address?: string; readonly version?: number } = {},
) {
  const keys = SigningKeyPair.generate(randomBytes)
  const certificate = randomBytes(150)
  const deviceList = createDeviceList(keys, {
    address: change.address ?? `${name}@relay.example`,
    version: change.version ?? 1,
    createdAtMs: 1,
    devices: [listDevice(1, certificate)],
  })
  const signer = {
    name,
    deviceId: 1,
    signingKey: keys.publicKey,
    sign: (base: Uint8Array) => keys.signRaw(base),
  }
  return { keys, signer, device: { certificate, deviceList } }
}

function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const copy = Uint8Array.from(bytes)
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7))
  return copy
}

describe('at a relay', () => {
  let relay: TestRelay
  const client = testClient()
  beforeEach(async () => {
    relay = await testRelay()
  })
  afterEach(() => relay.close())

  async function register(name: string): Promise<void> {
    const { signer, device } = account(name)
    unwrap(await client.register(relay.host, signer, device, null))
  }

  test('an identity and bundles come with a proof that the log has them', async () => {
    for (const name of ['alice', 'bob', 'carol']) await register(name)
    const identity = unwrap(await client.fetchIdentity(relay.host, 'bob'))
    const bundles = unwrap(await client.fetchBundles(relay.host, 'bob', randomBytes(16)))
    for (const proof of [identity.log, bundles.log]) {
      if (proof === null) throw new Error('there is no proof')
      const checkpoint = verifyCheckpoint(proof.key as SigningPublicKey, proof.checkpoint)
      if (checkpoint === null) throw new Error('the checkpoint is not signed')
      expect(checkpoint.size).toBe(3)
      expect(verifyChainProof('bob', checkpoint, proof.chain)).toMatchObject({ count: 1 })
      expect(verifyChainProof('alice', checkpoint, proof.chain)).toBeNull()
      const list = valueOf(verifyDeviceList(proof.deviceList ?? new Uint8Array(0)))
      expect(list).toMatchObject({ address: 'bob@relay.example', version: 1 })
      expect(list.devices).toMatchObject([{ deviceId: 1 }])
    }
  })

  test('a flipped bit anywhere in a proof fails', async () => {
    for (let i = 0; i < 9; i++) await register(`account-${i}`)
    const proof = unwrap(await client.fetchChain(relay.host, 'account-4', {}))
    const key = proof.key as SigningPublicKey
    const checkpoint = verifyCheckpoint(key, proof.checkpoint)
    if (checkpoint === null) throw new Error('the checkpoint is not signed')
    expect(verifyChainProof('account-4', checkpoint, proof.chain)).not.toBeNull()

    for (let bit = 0; bit < 8 * proof.checkpoint.length; bit++) {
      expect(verifyCheckpoint(key, flipped(proof.checkpoint, bit))).toBeNull()
    }
    let tried = 0
    for (const chain of flippedProofs(proof)) {
      expect(verifyChainProof('account-4', checkpoint, chain)).toBeNull()
      tried++
    }
    expect(tried).toBeGreaterThan(2_000)
    const list = proof.deviceList ?? new Uint8Array(0)
    for (let bit = 0; bit < 8 * list.length; bit++) {
      expect(verifyDeviceList(flipped(list, bit)).ok).toBe(false)
    }
  })

  test('the head, and proofs between sizes, are there for everybody', async () => {
    await register('alice')
    const first = unwrap(await client.fetchLogHead(relay.host))
    await register('bob')
    const second = unwrap(await client.fetchLogHead(relay.host))
    expect(second.key).toEqual(first.key)
    expect(second.checkpoint).not.toEqual(first.checkpoint)
    expect(unwrap(await client.fetchConsistency(relay.host, 1, 2))).toHaveLength(1)
    expect(unwrap(await client.fetchConsistency(relay.host, 2, 2))).toEqual([])
    for (const [from, to] of [
      [0, 1],
      [2, 1],
      [1, 3],
      [3, 3],
    ] as const) {
      expect(await client.fetchConsistency(relay.host, from, to)).toMatchObject({
        error: { code: 'NOT_FOUND' },
      })
    }
    expect(await client.fetchChain(relay.host, 'bob', { size: 1 })).toMatchObject({
      error: { code: 'ACCOUNT_UNKNOWN' },
    })
    expect(await client.fetchChain(relay.host, 'bob', { size: 3 })).toMatchObject({
      error: { code: 'ACCOUNT_UNKNOWN' },
    })
    for (const query of ['size=-1', 'size=01', 'size=1e3', 'after=x', 'more=1']) {
      const { status, code } = await call(relay, 'GET', `/v1/log/names/bob?${query}`)
      expect({ query, status, code }).toEqual({ query, status: 400, code: 'INVALID_INPUT' })
    }
    expect(await call(relay, 'GET', '/v1/log/names/B')).toMatchObject({ code: 'NAME_INVALID' })
  })

  test('a removed account stays in the log as removed', async () => {
    const { signer, device } = account('alice')
    unwrap(await client.register(relay.host, signer, device, null))
    unwrap(await client.deleteAccount(relay.host, signer))
    const { chain, deviceList } = unwrap(await client.fetchChain(relay.host, 'alice', { after: 0 }))
    expect(chain.entries.map(({ kind }) => kind)).toEqual(['device-list', 'removed'])
    expect(deviceList).toBeNull()
  })

  test.each<[string, (own: ReturnType<typeof account>) => Uint8Array]>([
    ['of another account', () => account('bob').device.deviceList],
    ['of another key', () => account('alice').device.deviceList],
    ['without this device', ({ keys }) => listOf(keys, [listDevice(2, randomBytes(9))])],
    ['with another certificate', ({ keys }) => listOf(keys, [listDevice(1, randomBytes(9))])],
    ['that is not signed', ({ device }) => flipped(device.deviceList, 8 * 50)],
    ['that is nothing', () => new Uint8Array(10)],
  ])('a list %s is refused', async (_, listFor) => {
    const own = account('alice')
    const registered = await client.register(
      relay.host,
      own.signer,
      { ...own.device, deviceList: listFor(own) },
      null,
    )
    expect(registered).toMatchObject({ error: { code: 'INVALID_INPUT' } })
    expect(await client.fetchIdentity(relay.host, 'alice')).toMatchObject({
      error: { code: 'ACCOUNT_UNKNOWN' },
    })
  })

  test('another certificate without a newer list is a conflict', async () => {
    const own = account('alice')
    unwrap(await client.register(relay.host, own.signer, own.device, null))
    const certificate = randomBytes(80)
    expect(await client.register(relay.host, own.signer, { certificate }, null)).toMatchObject({
      error: { code: 'CONFLICT' },
    })
    const deviceList = listOf(own.keys, [listDevice(1, certificate)], 2)
    unwrap(await client.register(relay.host, own.signer, { certificate, deviceList }, null))
    const { log } = unwrap(await client.fetchIdentity(relay.host, 'alice'))
    expect(log?.chain).toMatchObject({ size: 2, before: { count: 1 } })
  })

  test('a list that is too long is refused', async () => {
    const { signer } = account('alice')
    const body = JSON.stringify({
      name: 'alice',
      signingKey: { kty: 'EC', crv: 'P-256', x: 'A'.repeat(43), y: 'A'.repeat(43) },
      device: { id: 1, certificate: 'AA' },
      deviceList: encodeBase64Url(randomBytes(2_049)),
    })
    const headers = signed(relay, signer, 'POST', '/v1/accounts', body)
    expect(await call(relay, 'POST', '/v1/accounts', { headers, body })).toMatchObject({
      status: 400,
      code: 'INVALID_INPUT',
    })
  })
})

function listOf(
  keys: SigningKeyPair,
  devices: ReturnType<typeof listDevice>[],
  version = 1,
): Uint8Array {
  return createDeviceList(keys, {
    address: 'alice@relay.example',
    version,
    createdAtMs: 1,
    devices,
  })
}

/** The proof with each of its bits flipped, one after the other, and with its numbers changed. */
function* flippedProofs({ chain }: KeyLogProof): Generator<KeyLogProof['chain']> {
  const bits = (bytes: Uint8Array) => Array.from({ length: 8 * bytes.length }, (_, bit) => bit)
  for (const bit of bits(chain.leaf.value)) {
    yield { ...chain, leaf: { ...chain.leaf, value: flipped(chain.leaf.value, bit) } }
    yield { ...chain, leaf: { ...chain.leaf, mapRoot: flipped(chain.leaf.mapRoot, bit) } }
    yield { ...chain, before: { ...chain.before, value: flipped(chain.before.value, bit) } }
  }
  for (const field of ['inclusion', 'map'] as const) {
    for (const [index, hash] of chain[field].entries()) {
      for (const bit of bits(hash)) {
        yield { ...chain, [field]: chain[field].with(index, flipped(hash, bit)) }
      }
    }
  }
  for (const [index, entry] of chain.entries.entries()) {
    for (const bit of bits(entry.hash)) {
      const entries = chain.entries.with(index, { ...entry, hash: flipped(entry.hash, bit) })
      yield { ...chain, entries }
    }
    yield { ...chain, entries: chain.entries.with(index, { ...entry, kind: 'removed' }) }
  }
  yield { ...chain, entries: [] }
  yield { ...chain, size: chain.size - 1 }
  yield { ...chain, size: chain.size + 1 }
  yield { ...chain, before: { ...chain.before, count: chain.before.count + 1 } }
}

describe('the file of a relay', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sotto-relay-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  test('from before there was a log gets one, and its accounts are entered by their owners', async () => {
    const path = join(folder, 'relay.db')
    const old = {
      name: 'alice',
      signingKey: new Uint8Array(65).fill(4),
      deviceId: 1,
      certificate: Uint8Array.of(1),
      inviteHash: null,
    }
    const database = new SQLite(path)
    migrate(database, 1)
    database
      .prepare('INSERT INTO accounts (name, signing_key, created_ms) VALUES (?, ?, 1)')
      .run(old.name, old.signingKey)
    database.close()

    const storage = openSqliteStorage({ path, onFatal: throwFatal })
    expect((await storage.logHead()).size).toBe(0)
    expect(await storage.findAccount('alice')).toMatchObject({ name: 'alice' })
    const list = { version: 1, bytes: Uint8Array.of(3), deviceIds: [1] }
    await storage.register({ ...old, deviceList: list }, 2)
    const head = await storage.logHead()
    expect(head.size).toBe(1)
    await storage.close()
    const again = openSqliteStorage({ path, onFatal: throwFatal })
    expect(await again.logHead()).toEqual(head)
    expect(again.logKey).toEqual(storage.logKey)
    await again.close()
  })

  test('that is full gets neither the account nor its entry', async () => {
    const path = join(folder, 'relay.db')
    await openSqliteStorage({ path, onFatal: throwFatal }).close()
    const storage = openSqliteStorage({ path, onFatal: throwFatal, maxPages: 60 })
    let registered = 0
    for (let i = 0; i < 200; i++) {
      const account = {
        name: `account-${i}`,
        signingKey: new Uint8Array(65).fill(4),
        deviceId: 1,
        certificate: randomBytes(900),
        inviteHash: null,
        deviceList: { version: 1, bytes: randomBytes(200), deviceIds: [1] },
      }
      const outcome = await storage.register(account, 1).catch(() => null)
      if (outcome === null) break
      registered++
    }
    expect(registered).toBeLessThan(200)
    expect(await storage.findAccount(`account-${registered}`)).toBeNull()
    expect((await storage.logHead()).size).toBe(registered)
    await storage.close()
  })
})

test('a checkpoint that was signed while the clock was ahead is signed anew', async () => {
  const storage = memoryStorage()
  let nowMs = Date.UTC(2030, 0, 3)
  const log = new KeyLog(storage, () => nowMs)
  const signedAtMs = async () => {
    const { key, checkpoint } = await log.head()
    const bytes = decodeBase64Url(checkpoint) ?? new Uint8Array(0)
    return verifyCheckpoint(decodeBase64Url(key) as SigningPublicKey, bytes)?.signedAtMs
  }
  expect(await signedAtMs()).toBe(nowMs)
  nowMs = Date.UTC(2030, 0, 1)
  expect(await signedAtMs()).toBe(nowMs)
  // One of a moment ago is good enough, whichever way the clock has gone.
  nowMs -= 60_000
  expect(await signedAtMs()).toBe(nowMs + 60_000)
  await storage.close()
})

test('a checkpoint of another key, or of a version that is not known, is none', () => {
  const [logKey, other] = [
    SigningKeyPair.generate(randomBytes),
    SigningKeyPair.generate(randomBytes),
  ]
  const bytes = createCheckpoint(logKey, { size: 5, root: randomBytes(32), signedAtMs: 7 })
  expect(verifyCheckpoint(logKey.publicKey, bytes)).toMatchObject({ size: 5, signedAtMs: 7 })
  expect(verifyCheckpoint(other.publicKey, bytes)).toBeNull()
  expect(verifyCheckpoint(logKey.publicKey, bytes.subarray(1))).toBeNull()
})
