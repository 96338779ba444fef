import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { randomBytes } from '#crypto/primitives.ts'
import type { RelayOptions } from '#relay/config.ts'
import type { RelayHooks } from '#relay/relay.ts'
import type { RelayClient } from '#relay-client/client.ts'
import { encodeBase64Url } from '#shared/bytes.ts'
import { groupsConformance } from './groups-conformance.ts'
import {
  call,
  memoryStorage,
  testAccount,
  testClient,
  testRelay,
  unwrap,
  type TestRelay,
} from './harness.ts'

groupsConformance('SQLite', () => memoryStorage())

let relay: TestRelay
let client: RelayClient
let group: Uint8Array
let tokens: readonly Uint8Array[]

async function start(options: RelayOptions = {}, hooks: RelayHooks = {}): Promise<void> {
  relay = await testRelay(options, hooks)
  client = testClient()
  group = randomBytes(32)
  tokens = Array.from({ length: 100 }, () => randomBytes(32))
}

async function stop(): Promise<void> {
  await client.close()
  await relay.close()
}

beforeEach(() => start())
afterEach(stop)

const tokenOf = (epoch: number): Uint8Array => tokens[epoch] ?? randomBytes(32)

async function put(
  epoch: number,
  commit = randomBytes(50),
  token = tokenOf(epoch),
): Promise<string | null> {
  const nextToken = tokenOf(epoch + 1)
  const result = await client.putCommit(relay.host, { group, epoch, token, nextToken, commit })
  return result.ok ? null : result.error.code
}

const path = () => `/v1/groups/${encodeBase64Url(group)}/commits`

describe('a group at a relay', () => {
  test('goes from epoch to epoch, and those behind catch up', async () => {
    const commits = [randomBytes(70), randomBytes(131_072), randomBytes(1)]
    for (const [epoch, commit] of commits.entries()) expect(await put(epoch, commit)).toBeNull()
    const fetched = await client.fetchCommits(relay.host, {
      group,
      token: tokenOf(1),
      after: 0,
    })
    expect(unwrap(fetched)).toMatchObject({
      commits: [
        { epoch: 1, commit: Uint8Array.from(commits[1] ?? []) },
        { epoch: 2, commit: Uint8Array.from(commits[2] ?? []) },
      ],
      complete: true,
    })
  })

  test('takes one of many concurrent commits of an epoch', async () => {
    await put(0)
    const outcomes = await Promise.all(Array.from({ length: 10 }, () => put(1)))
    expect(outcomes.filter((code) => code === null)).toHaveLength(1)
    expect(new Set(outcomes)).toEqual(new Set([null, 'CONFLICT']))
  })

  test('takes the same commit again', async () => {
    const commit = randomBytes(20)
    expect(await put(0, commit)).toBeNull()
    expect(await put(0, commit)).toBeNull()
  })

  test('is closed to those who are not in it, or no longer', async () => {
    await put(0)
    expect(await put(1, randomBytes(5), randomBytes(32))).toBe('FORBIDDEN')
    expect(await put(1, randomBytes(5), tokenOf(0))).toBe('CONFLICT')
    const read = await client.fetchCommits(relay.host, {
      group,
      token: randomBytes(32),
      after: null,
    })
    expect(read).toMatchObject({ ok: false, error: { code: 'NOT_FOUND' } })
  })

  test('is read in pages that end', async () => {
    await stop()
    await start({ rates: { groupCommits: { burst: 1_000, everyMs: 1 } } })
    for (let epoch = 0; epoch < 70; epoch++) {
      const token = tokenOf(0)
      const commit = { group, epoch, token, nextToken: token, commit: randomBytes(20_000) }
      unwrap(await client.putCommit(relay.host, commit))
    }
    const epochs: number[] = []
    for (let complete = false; !complete;) {
      const after = epochs.at(-1) ?? null
      const page = unwrap(
        await client.fetchCommits(relay.host, { group, token: tokenOf(0), after }),
      )
      epochs.push(...page.commits.map(({ epoch }) => epoch))
      complete = page.complete
    }
    expect(epochs).toEqual(Array.from({ length: 70 }, (_, epoch) => epoch))
  })

  test('has limits: of size, of commits, and of groups made from one address', async () => {
    await stop()
    await start({
      trustProxy: true,
      rates: { groupCommits: { burst: 2, everyMs: 60_000 }, groups: { burst: 2, everyMs: 60_000 } },
    })
    expect(await put(0, randomBytes(131_073))).toBe('TOO_LARGE')
    const token = randomBytes(32)
    const same = async (epoch: number) => {
      const commit = { group, epoch, token, nextToken: token, commit: randomBytes(5) }
      const result = await client.putCommit(relay.host, commit)
      return result.ok ? null : result.error.code
    }
    expect([await same(0), await same(1), await same(2)]).toEqual([null, null, 'RATE_LIMITED'])
    group = randomBytes(32)
    expect(await put(0)).toBeNull()
    group = randomBytes(32)
    expect(await put(0)).toBe('RATE_LIMITED')
  })

  test('has a limit that does not begin anew with each token', async () => {
    await stop()
    await start({ rates: { groupCommits: { burst: 2, everyMs: 60_000 } } })
    expect([await put(0), await put(1), await put(2)]).toEqual([null, null, 'RATE_LIMITED'])
  })

  test('is not looked for on behalf of who asks for ever new ones', async () => {
    const storage = memoryStorage()
    const putCommit = storage.putCommit.bind(storage)
    let asked = 0
    storage.putCommit = (...commit) => {
      asked += 1
      return putCommit(...commit)
    }
    await stop()
    const few = { burst: 2, everyMs: 60_000 }
    await start(
      { trustProxy: true, rates: { signed: few, groups: { ...few, burst: 1 } } },
      { storage },
    )
    const codes: (string | null)[] = []
    for (let count = 0; count < 4; count++) {
      group = randomBytes(32)
      codes.push(await put(0))
    }
    expect(codes).toEqual([null, 'RATE_LIMITED', 'RATE_LIMITED', 'RATE_LIMITED'])
    // Twice for the one that was made, once for the next one.
    expect(asked).toBe(3)
  })

  test('leaves a reserve of the disk to messages', async () => {
    await stop()
    const dataDir = mkdtempSync(join(tmpdir(), 'sotto-groups-'))
    await start({ dataDir, limits: { groupReserveBytes: Number.MAX_SAFE_INTEGER } })
    expect(await put(0)).toBe('RELAY_FULL')
    await testAccount(relay, client, 'alice')
    await stop()
    await start({ dataDir, limits: { groupReserveBytes: 0 } })
    const commit = randomBytes(50)
    expect(await put(0, commit)).toBeNull()
    const known = { group, tokens }
    await stop()
    await start({ dataDir, limits: { groupReserveBytes: Number.MAX_SAFE_INTEGER } })
    ;({ group, tokens } = known)
    // What takes no room is answered as ever.
    expect(await put(0, commit)).toBeNull()
    expect(await put(0)).toBe('CONFLICT')
    expect(await put(1, commit, randomBytes(32))).toBe('FORBIDDEN')
    expect(await put(1)).toBe('RELAY_FULL')
    await stop()
    rmSync(dataDir, { recursive: true })
    await start()
  })

  test.each([
    ['without a token', { 'sotto-group-token': '' }],
    ['without the next token', { 'sotto-next-token-hash': 'AAAA' }],
    ['with an epoch that is none', { 'sotto-epoch': '-1' }],
    ['with an epoch too large', { 'sotto-epoch': '9'.repeat(16) }],
  ])('a commit %s is refused', async (_name, change) => {
    const headers = {
      'sotto-group-token': encodeBase64Url(randomBytes(32)),
      'sotto-next-token-hash': encodeBase64Url(randomBytes(32)),
      'sotto-epoch': '1',
    }
    const send = (given: Record<string, string>, body = Uint8Array.of(1)) =>
      call(relay, 'POST', path(), { headers: given, body })
    expect(await send({ ...headers, ...change })).toMatchObject({ code: 'INVALID_INPUT' })
    expect(await send(headers, new Uint8Array(0))).toMatchObject({ code: 'INVALID_INPUT' })
    expect(await send(headers)).toMatchObject({ status: 201 })
  })
})
