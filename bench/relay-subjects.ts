import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import SQLite from 'better-sqlite3'
import Fastify from 'fastify'
import { WebSocketServer, type WebSocket } from 'ws'
import { tokenHash } from '#crypto/delivery-token.ts'
import { randomBytes } from '#crypto/primitives.ts'
import {
  decodeDepositFrame,
  encodeDepositAnswers,
  type DepositAnswerFrame,
} from '#protocol/deposit-frames.ts'
import { decodeAckFrame, encodeEnvelopeFrame } from '#protocol/relay-frames.ts'
import { relayConfig } from '#relay/config.ts'
import { startRelay } from '#relay/relay.ts'
import { GroupCommit } from '#relay/sqlite/group-commit.ts'
import { openSqliteStorage } from '#relay/sqlite/storage.ts'
import type { MailboxId } from '#relay/storage.ts'
import {
  benchToken,
  databasePath,
  setUpAccounts,
  streamTarget,
  throwFatal,
  UNLIMITED,
} from './relay-accounts.ts'
import type { StreamTarget } from './relay-load.ts'

export const BODY_BYTES = 1_024
const MAILBOXES = 100
/** Mailboxes that are drained at once. */
export const DRAIN_STREAMS = 16

/** Where a server under test takes deposits. */
export interface Address {
  readonly port: number
  readonly tokens: readonly string[]
  /** `ws://…` */
  readonly depositsUrl: string
}

/** A server under test, with what the load needs to know. */
export interface Subject extends Address {
  /** Puts envelopes into the first mailboxes and tells how to fetch them. */
  fill(streams: number, each: number): Promise<readonly StreamTarget[]>
  close(): Promise<void>
}

/** The relay with all its rules, limits set so that they refuse nothing. */
export async function realRelay(folder: string): Promise<Subject> {
  await setUpAccounts(folder, 0, MAILBOXES)
  const limits = { envelopes: 1e9, bytes: 1e12, knocks: 1, idleMs: 1e12 }
  const config = relayConfig({
    port: 0,
    dataDir: folder,
    powBits: 0,
    limits: { mailboxEnvelopes: 1e9, mailboxBytes: 1e12, eventLoopDelayMs: 0, pipelined: 1e6 },
    rates: { deposits: UNLIMITED, incoming: UNLIMITED, signed: UNLIMITED, device: UNLIMITED },
  })
  if (!config.ok) throw new Error(String(config.error.cause))
  const relay = await startRelay(config.value)
  const fillStorage = openSqliteStorage({ path: databasePath(folder), onFatal: throwFatal })
  const { secret } = fillStorage
  const target = (index: number) => streamTarget(secret, relay.url, index)

  return {
    port: Number(new URL(relay.url).port),
    depositsUrl: `${relay.url.replace('http', 'ws')}/v1/deposits`,
    tokens: Array.from({ length: MAILBOXES }, (_, index) =>
      Buffer.from(benchToken(index)).toString('base64url'),
    ),
    fill: async (streams, each) => {
      for (let index = 0; index < streams; index++) {
        const mailbox = (index + 1) as MailboxId
        await fillStorage.acknowledge(mailbox, { through: Number.MAX_SAFE_INTEGER })
        const hash = tokenHash(benchToken(index))
        const body = randomBytes(BODY_BYTES)
        const deposit = () =>
          fillStorage.deposit(
            { tokenHash: hash, deviceId: 1, id: randomBytes(16), body },
            limits,
            Date.now(),
          )
        await Promise.all(Array.from({ length: each }, deposit))
      }
      return Array.from({ length: streams }, (_, index) => target(index))
    },
    close: async () => {
      await relay.close()
      await fillStorage.close()
    },
  }
}

/** The floor: the same framework, rows and commits, and no rule that makes it a relay. */
export async function bareFloor(folder: string): Promise<Subject> {
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
    const [box] = Buffer.from(String(request.headers['sotto-delivery-token']), 'base64url')
    await commits.run(() => insert.run(box, id, request.body))
    return reply.code(201).send({ stored: true })
  })
  const streams = new WebSocketServer({ noServer: true, perMessageDeflate: false })
  app.server.on('upgrade', (request, socket, head) => {
    streams.handleUpgrade(request, socket, head, (opened) => {
      const path = request.url ?? ''
      if (path === '/deposits') takeDeposits(opened)
      else sendFrom(opened, Number(path.slice('/stream/'.length)))
    })
  })
  function takeDeposits(socket: WebSocket): void {
    let answers: DepositAnswerFrame[] = []
    const flush = (): void => {
      socket.send(encodeDepositAnswers(answers))
      answers = []
    }
    socket.on('message', (data: Buffer) => {
      const frame = decodeDepositFrame(data)
      if (frame === null) return
      const { number, token, id, body } = frame
      // The token's first byte is the mailbox.
      void commits
        .run(() => insert.run(token[0], id, body))
        .then(() => {
          const length = answers.push({ number, outcome: 'STORED', retryAfterMs: 0 })
          if (length === 1) queueMicrotask(flush)
        })
    })
  }
  function sendFrom(socket: WebSocket, box: number): void {
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
  }
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  const target = (box: number): StreamTarget => ({
    url: `ws://127.0.0.1:${port}/stream/${box}`,
    headers: {},
  })
  return {
    port,
    depositsUrl: `ws://127.0.0.1:${port}/deposits`,
    tokens: Array.from({ length: MAILBOXES }, (_, index) =>
      Buffer.alloc(32, DRAIN_STREAMS + 1 + index).toString('base64url'),
    ),
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
    close: async () => {
      await app.close()
      database.close()
    },
  }
}
