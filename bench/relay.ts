import { fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import websocket from '@fastify/websocket'
import SQLite from 'better-sqlite3'
import Fastify from 'fastify'
import { tokenHash } from '#crypto/delivery-token.ts'
import { hmacSha256 } from '#crypto/hkdf.ts'
import { randomBytes } from '#crypto/primitives.ts'
import { decodeAckFrame, encodeEnvelopeFrame } from '#protocol/relay-frames.ts'
import { signRequest } from '#relay-client/request-signing.ts'
import { relayConfig } from '#relay/config.ts'
import { startRelay } from '#relay/relay.ts'
import { Sessions } from '#relay/sessions.ts'
import { GroupCommit } from '#relay/sqlite/group-commit.ts'
import { openSqliteStorage } from '#relay/sqlite/storage.ts'
import { atLeast, formatTable, median, type BenchRow } from './report.ts'
import type { Job, LoadResult, StreamTarget } from './relay-load.ts'

const GROUP = 'Relay, SQLite, durable (1 KB bodies)'
const BODY_BYTES = 1_024
const MAILBOXES = 100
const DRAIN_STREAMS = 16
const DRAIN_EACH = 1_500
const ROUNDS = 3
const RUN_MS = 2_500
const UNLIMITED = { burst: 1e9, everyMs: 1 }
const FLOOR_RATIO = 0.7

/** A server under test, with what the load needs to know. */
interface Subject {
  readonly port: number
  readonly tokens: readonly string[]
  /** Puts envelopes into the first mailboxes and tells how to fetch them. */
  fill(streams: number, each: number): Promise<readonly StreamTarget[]>
  /** A stream of the mailbox that the first token leads to. */
  stream(): StreamTarget
  close(): Promise<void>
}

function load(job: Job): Promise<LoadResult> {
  return new Promise((resolve, reject) => {
    const child = fork(new URL('./relay-load.ts', import.meta.url))
    child.once('message', (measured) => {
      child.kill()
      resolve(measured as LoadResult)
    })
    child.once('exit', (code) => reject(new Error(`the load ended with ${code}`)))
    child.send(job)
  })
}

/** The relay with all its rules, limits set so that they refuse nothing. */
async function realRelay(folder: string): Promise<Subject> {
  const onFatal = (cause: unknown): never => {
    throw cause
  }
  const setUp = openSqliteStorage({ path: join(folder, 'relay.db'), onFatal })
  const limits = { envelopes: 1e9, bytes: 1e12, knocks: 1, idleMs: 1e12 }
  const accounts = await Promise.all(
    Array.from({ length: MAILBOXES }, async (_, index) => {
      const name = `user${index}`
      const certificate = randomBytes(200)
      const account = { name, signingKey: randomBytes(65), deviceId: 1, certificate }
      await setUp.register({ ...account, inviteHash: null }, Date.now())
      const found = await setUp.findAccount(name)
      const device = found?.devices[0]
      if (found === null || device === undefined) throw new Error('no account')
      const token = randomBytes(32)
      const record = { hash: tokenHash(token), label: randomBytes(16), uses: null }
      const add = [{ ...record, expiresAtMs: null }]
      await setUp.putTokens(found.id, { add, revoke: [] }, 10, Date.now())
      return { account: found.id, mailbox: device.mailbox, token }
    }),
  )
  await setUp.close()
  const config = relayConfig({
    port: 0,
    dataDir: folder,
    powBits: 0,
    limits: { mailboxEnvelopes: 1e9, mailboxBytes: 1e12, eventLoopDelayMs: 0 },
    rates: { deposits: UNLIMITED, signed: UNLIMITED, device: UNLIMITED },
  })
  if (!config.ok) throw new Error(String(config.error.cause))
  const relay = await startRelay(config.value)
  const fillStorage = openSqliteStorage({ path: join(folder, 'relay.db'), onFatal })
  const sessions = new Sessions(fillStorage.secret)
  const clock = { nowMs: Date.now, schedule: () => () => undefined }

  function stream(index: number): StreamTarget {
    const owner = accounts[index]
    if (owner === undefined) throw new RangeError('no such mailbox')
    const session = sessions.open({ ...owner, deviceId: 1 }, Date.now())
    const path = '/v1/stream'
    const headers = signRequest(
      { id: session.id, algorithm: 'hmac-sha256', sign: (base) => hmacSha256(session.key, base) },
      { method: 'GET', url: `${relay.url}${path}` },
      clock,
      randomBytes,
    )
    return { url: `${relay.url.replace('http', 'ws')}${path}`, headers }
  }

  return {
    port: Number(new URL(relay.url).port),
    tokens: accounts.map(({ token }) => Buffer.from(token).toString('base64url')),
    fill: async (streams, each) => {
      for (const { mailbox, token } of accounts.slice(0, streams)) {
        await fillStorage.acknowledge(mailbox, { through: Number.MAX_SAFE_INTEGER })
        const hash = tokenHash(token)
        const body = randomBytes(BODY_BYTES)
        const deposit = () =>
          fillStorage.deposit(
            { tokenHash: hash, deviceId: 1, id: randomBytes(16), body },
            limits,
            Date.now(),
          )
        await Promise.all(Array.from({ length: each }, deposit))
      }
      return Array.from({ length: streams }, (_, index) => stream(index))
    },
    stream: () => stream(0),
    close: async () => {
      await relay.close()
      await fillStorage.close()
    },
  }
}

/** The floor: the same framework, rows and commits, and no rule that makes it a relay. */
async function floor(folder: string): Promise<Subject> {
  const database = new SQLite(join(folder, 'floor.db'))
  database.pragma('journal_mode = WAL')
  database.pragma('synchronous = FULL')
  database.pragma('wal_autocheckpoint = 10000')
  database.exec(
    'CREATE TABLE rows (row INTEGER PRIMARY KEY, box INTEGER, id BLOB UNIQUE, body BLOB)',
  )
  database.exec('CREATE INDEX boxes ON rows (box, row)')
  const insert = database.prepare('INSERT INTO rows (box, id, body) VALUES (?, ?, ?)')
  const page = database.prepare<
    [number, number],
    { row: number; id: Uint8Array; body: Uint8Array }
  >('SELECT row, id, body FROM rows WHERE box = ? AND row > ? ORDER BY row LIMIT 256')
  const remove = database.prepare('DELETE FROM rows WHERE box = ? AND row <= ?')
  const commits = new GroupCommit(database, (cause) => {
    throw cause
  })
  const app = Fastify()
  app.addContentTypeParser(
    'application/octet-stream',
    { parseAs: 'buffer' },
    (_request, body, done) => done(null, body),
  )
  app.put<{ Params: { id: string } }>('/v1/envelopes/:id', async (request, reply) => {
    const id = Buffer.from(request.params.id, 'base64url')
    await commits.run(() => insert.run(request.headers['sotto-delivery-token'], id, request.body))
    return reply.code(201).send({ stored: true })
  })
  await app.register(websocket)
  app.get<{ Params: { box: string } }>('/stream/:box', { websocket: true }, (socket, request) => {
    const box = Number(request.params.box)
    const none = new Uint8Array(16)
    const send = (after: number): void => {
      const rows = page.all(box, after)
      for (const { row, id, body } of rows) {
        const envelope = { sequence: row, id, label: none, receivedAtMs: 0, body }
        socket.send(encodeEnvelopeFrame(envelope))
      }
      const last = rows.at(-1)
      if (last !== undefined) setImmediate(() => send(last.row))
    }
    socket.on('message', (data: Buffer) => {
      const through = decodeAckFrame(data) ?? 0
      void commits.run(() => remove.run(box, through))
    })
    send(0)
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  const target = (box: number): StreamTarget => ({
    url: `ws://127.0.0.1:${port}/stream/${box}`,
    headers: {},
  })
  return {
    port,
    tokens: Array.from({ length: MAILBOXES }, (_, index) => String(DRAIN_STREAMS + 1 + index)),
    fill: async (streams, each) => {
      for (let box = 1; box <= streams; box++) {
        await commits.run(() => remove.run(box, Number.MAX_SAFE_INTEGER))
        await commits.run(() => {
          for (let index = 0; index < each; index++) {
            insert.run(box, randomBytes(16), randomBytes(BODY_BYTES))
          }
        })
      }
      return Array.from({ length: streams }, (_, index) => target(index + 1))
    },
    stream: () => target(0),
    close: async () => {
      await app.close()
      database.close()
    },
  }
}

function deposits({ port, tokens }: Subject, clients: number): Promise<LoadResult> {
  return load({ kind: 'deposit', port, tokens, clients, forMs: RUN_MS, bodyBytes: BODY_BYTES })
}

async function drained(subject: Subject): Promise<LoadResult> {
  const streams = await subject.fill(DRAIN_STREAMS, DRAIN_EACH)
  return load({ kind: 'drain', streams, envelopes: DRAIN_STREAMS * DRAIN_EACH })
}

/** Runs both in turn, so that a busy machine is busy for both. */
async function compare(
  relay: Subject,
  bare: Subject,
  run: (subject: Subject) => Promise<LoadResult>,
): Promise<{ readonly relay: LoadResult; readonly floor: number }> {
  const relayRuns: LoadResult[] = []
  const floorRuns: LoadResult[] = []
  // Once to warm up.
  await run(bare)
  await run(relay)
  for (let round = 0; round < ROUNDS; round++) {
    floorRuns.push(await run(bare))
    relayRuns.push(await run(relay))
  }
  const middle = (runs: LoadResult[], key: keyof LoadResult): number =>
    median(runs.map((one) => one[key]))
  return {
    relay: {
      perSecond: middle(relayRuns, 'perSecond'),
      p50Ms: middle(relayRuns, 'p50Ms'),
      p99Ms: middle(relayRuns, 'p99Ms'),
    },
    floor: middle(floorRuns, 'perSecond'),
  }
}

/** Durable deposits, draining and online delivery, beside Fastify and group commits without any rules. */
export async function runRelayBench(): Promise<BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'sotto-bench-relay-'))
  const startedMs = performance.now()
  const relay = await realRelay(folder)
  const readyMs = performance.now() - startedMs
  const bare = await floor(folder)
  try {
    const many = await compare(relay, bare, (subject) => deposits(subject, 64))
    const one = await deposits(relay, 1)
    const drain = await compare(relay, bare, drained)
    const [stream] = await relay.fill(1, 0)
    const [token = ''] = relay.tokens
    if (stream === undefined) throw new Error('no stream')
    const online = await load({
      kind: 'online',
      port: relay.port,
      stream,
      token,
      count: 500,
      everyMs: 4,
      bodyBytes: BODY_BYTES,
    })
    const row = (name: string, unit: string, value: number): BenchRow => ({
      group: GROUP,
      name,
      unit,
      value,
    })
    const against = (name: string, measured: { relay: LoadResult; floor: number }): BenchRow =>
      atLeast(row(name, '/s', measured.relay.perSecond), {
        floor: measured.floor,
        floorRatio: FLOOR_RATIO,
      })
    return [
      against('deposits, 64 clients', many),
      row('deposits, 64 clients, floor', '/s', many.floor),
      row('deposits, 64 clients, p50', 'ms', many.relay.p50Ms),
      row('deposits, 64 clients, p99', 'ms', many.relay.p99Ms),
      row('deposits, one client, p50', 'ms', one.p50Ms),
      row('deposits, one client, p99', 'ms', one.p99Ms),
      against(`drained, ${DRAIN_STREAMS} streams`, drain),
      row(`drained, ${DRAIN_STREAMS} streams, floor`, '/s', drain.floor),
      row('deposit to online receiver, p50', 'ms', online.p50Ms),
      row('deposit to online receiver, p99', 'ms', online.p99Ms),
      row('start with accounts set up', 'ms', readyMs),
    ]
  } finally {
    await relay.close()
    await bare.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

if (import.meta.main) console.log(formatTable(await runRelayBench()))
