import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { randomBytes } from '#crypto/primitives.ts'
import { tokenHash } from '#crypto/delivery-token.ts'
import type { ConnectionState, RequestSigner } from '#core/ports.ts'
import { encodeHex } from '#shared/bytes.ts'
import type { RelayClient } from '#relay-client/client.ts'
import {
  CERTIFICATE,
  ShiftedClock,
  testClient,
  testPrekeys,
  testSigner,
  unwrap,
  until,
} from '../unit/relay/harness.ts'
import { writeUnlimited } from './unlimited.ts'

const ROUNDS = Math.max(3, Math.round(Number(process.env['SOTTO_ROUNDS'] ?? 20) / 5))
const SENDERS = 6
const MAIN = new URL('../../src/relay/main.ts', import.meta.url).pathname
const READY_WITHIN_MS = 30_000
/** For all that was acknowledged to come to its device, on a machine that is busy otherwise. */
const ARRIVED_WITHIN_MS = 90_000

let root: string
let folder: string
let child: ChildProcess
let port: number
let client: RelayClient
let alice: RequestSigner
let token: Uint8Array

const host = (): string => `127.0.0.1:${port}`
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

async function start(...flags: readonly string[]): Promise<void> {
  child = spawn(
    process.execPath,
    [
      MAIN,
      '--port',
      String(port),
      '--data',
      folder,
      '--config',
      writeUnlimited(join(root, 'unlimited.json')),
      '--pow-bits',
      '0',
      '--json',
      ...flags,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  if (child.stdout === null) throw new TypeError('the output is not piped')
  const lines = createInterface({ input: child.stdout })
  const signal = AbortSignal.timeout(READY_WITHIN_MS)
  const [line] = (await once(lines, 'line', { signal })) as [string]
  port = Number(new URL((JSON.parse(line) as { url: string }).url).port)
}

/** @returns the exit code and the signal that ended it. */
async function end(signal: NodeJS.Signals): Promise<readonly [number | null, string | null]> {
  const exited = once(child, 'exit') as Promise<[number | null, string | null]>
  child.kill(signal)
  return exited
}

/** A command of an operator, in a process of its own. */
async function command(...args: readonly string[]): Promise<Record<string, unknown>> {
  const run = spawn(process.execPath, [MAIN, ...args, '--data', folder, '--json'])
  const closed = once(run, 'close') as Promise<[number | null]>
  const [stdout, stderr, [exitCode]] = await Promise.all([
    text(run.stdout),
    text(run.stderr),
    closed,
  ])
  expect([exitCode, stderr]).toEqual([0, ''])
  return JSON.parse(stdout) as Record<string, unknown>
}

/** Deposits one after another until it is stopped or the relay is gone. @returns what was acknowledged. */
async function send(stop: AbortSignal): Promise<readonly string[]> {
  const acknowledged: string[] = []
  while (!stop.aborted) {
    const envelopeId = randomBytes(16)
    const envelope = randomBytes(1_000)
    const sent = await client.deposit(host(), { envelopeId, deviceId: 1, token, envelope })
    if (sent.ok) acknowledged.push(encodeHex(envelopeId))
    else {
      // A relay that ends answers what it has begun, and takes no more.
      expect(['RELAY_UNREACHABLE', 'OVERLOADED']).toContain(sent.error.code)
      return acknowledged
    }
  }
  return acknowledged
}

function load(): { stop(): Promise<readonly string[]> } {
  const stop = new AbortController()
  const senders = Promise.all(Array.from({ length: SENDERS }, () => send(stop.signal)))
  return {
    stop: async () => {
      stop.abort()
      return (await senders).flat()
    },
  }
}

/** What a device gets until nothing waits, acknowledging it. */
async function receiveAll(by: RelayClient): Promise<readonly string[]> {
  const received: string[] = []
  let drained = false
  const subscription = by.subscribe(host(), alice, 0, {
    received: async (batch) => {
      for (const { envelopeId } of batch) received.push(encodeHex(envelopeId))
    },
    drained: () => (drained = true),
    stateChanged: () => undefined,
  })
  await until(() => drained)
  await subscription.close()
  return received
}

const missing = (expected: readonly string[], found: readonly string[]): readonly string[] => {
  const there = new Set(found)
  return expected.filter((id) => !there.has(id))
}

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'sotto-operations-'))
  folder = join(root, 'relay')
  port = 0
  await start()
  client = testClient()
  alice = testSigner('alice')
  token = randomBytes(32)
  unwrap(await client.register(host(), alice, { certificate: CERTIFICATE }, null))
  const add = [{ hash: tokenHash(token), label: randomBytes(16), uses: null, expiresAtMs: null }]
  unwrap(await client.putTokens(host(), alice, { add, revoke: [] }))
})
afterEach(async () => {
  await client.close()
  if (child.exitCode === null && child.signalCode === null) await end('SIGKILL')
  rmSync(root, { recursive: true })
})

describe('backup and restore under load', () => {
  test('a backup has all that was acknowledged before it, and devices go on with what it brings back', async () => {
    unwrap(await client.publishPrekeys(host(), alice, testPrekeys(1, 1, 50)))
    const early = load()
    await pause(300)
    const before = await early.stop()
    const during = load()
    await pause(100)
    const { file, waiting } = await command('backup', '--to', join(root, 'backup.db'))
    await during.stop()
    expect(waiting).toBeGreaterThanOrEqual(before.length)

    // Given out after the backup: what it brings back must not give it out again.
    const taken = unwrap(await client.fetchBundles(host(), 'alice', randomBytes(16)))
    expect(taken.bundles[0]?.oneTimePrekey?.id).toBe(1)
    const more = load()
    await pause(200)
    await end('SIGKILL')
    await more.stop()

    const { keptAs } = await command('restore', '--from', String(file), '--force')
    expect(keptAs).toMatch(/before-restore/)
    const restoredAtMs = Date.now()
    await start()
    const again = unwrap(await client.fetchBundles(host(), 'alice', randomBytes(16)))
    expect(again.bundles[0]).toMatchObject({ oneTimePrekey: null, kemPrekey: { lastResort: true } })
    const late = load()
    await pause(200)
    const young = await late.stop()
    expect(young.length).toBeGreaterThan(0)

    // For a minute, signatures that could be of before are refused: a clock that is ahead saves the wait.
    const clock = new ShiftedClock()
    clock.shiftMs = 59_000
    await pause(Math.max(0, restoredAtMs + 2_500 - Date.now()))
    const ahead = testClient(clock)
    const received = await receiveAll(ahead)
    expect(missing([...before, ...young], received)).toEqual([])
    expect(received).toHaveLength(new Set(received).size)
    unwrap(await ahead.publishPrekeys(host(), alice, testPrekeys(2, 51, 5)))
    const refilled = unwrap(await client.fetchBundles(host(), 'alice', randomBytes(16)))
    expect(refilled.bundles[0]?.oneTimePrekey?.id).toBe(51)
    await ahead.close()
  })
})

describe('a relay that is told to end', () => {
  test(`${ROUNDS} times under load, it ends with 0, having lost nothing it acknowledged; devices come back`, async () => {
    const states: ConnectionState[] = []
    const received: string[] = []
    const subscription = client.subscribe(host(), alice, 0, {
      received: async (batch) => {
        for (const { envelopeId } of batch) received.push(encodeHex(envelopeId))
      },
      drained: () => undefined,
      stateChanged: (state) => states.push(state),
    })
    const acknowledged: string[] = []
    for (let round = 0; round < ROUNDS; round++) {
      await until(() => states.at(-1)?.kind === 'online')
      // A connection that ended sooner would count as a failure, and be followed by growing pauses.
      await pause(1_000)
      const running = load()
      await pause(100 + (randomBytes(1)[0] ?? 0))
      const signal = round % 2 === 0 ? 'SIGTERM' : 'SIGINT'
      expect(await end(signal)).toEqual([0, null])
      acknowledged.push(...(await running.stop()))
      await start()
    }
    const deadlineMs = Date.now() + ARRIVED_WITHIN_MS
    while (missing(acknowledged, received).length > 0 && Date.now() < deadlineMs) await pause(250)
    expect(missing(acknowledged, received)).toEqual([])
    expect(acknowledged.length).toBeGreaterThan(ROUNDS)
    await subscription.close()
  })

  test.each([
    ['SIGTERM', 'SIGTERM'],
    ['SIGINT', 'SIGTERM'],
  ] as const)(
    '%s waits for a request that does not end, and %s after it ends it at once',
    async (first, second) => {
      const slow = connect(port, '127.0.0.1')
      slow.on('error', () => undefined)
      await once(slow, 'connect')
      slow.write(
        'PUT /v1/knocks/AAAAAAAAAAAAAAAAAAAAAA HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n',
      )
      slow.write('content-type: application/octet-stream\r\n\r\n')
      await pause(200)
      child.kill(first)
      await pause(500)
      expect([child.exitCode, child.signalCode]).toEqual([null, null])
      expect(await end(second)).toEqual([1, null])
      slow.destroy()
    },
  )

  test('it waits no longer than it may', async () => {
    await end('SIGTERM')
    await start('--shutdown-ms', '300')
    const slow = connect(port, '127.0.0.1')
    slow.on('error', () => undefined)
    await once(slow, 'connect')
    slow.write(
      'PUT /v1/knocks/AAAAAAAAAAAAAAAAAAAAAA HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\n',
    )
    await pause(200)
    expect(await end('SIGTERM')).toEqual([0, null])
  })
})
