import { setTimeout as sleep } from 'node:timers/promises'
import { Client, type ClientBase } from 'pg'
import { randomBytes } from '#crypto/primitives.ts'
import type { MailboxId } from '../storage.ts'
import type { WakeUpChannel } from '../wake-up-channel.ts'
import type { DatabaseAddress } from './database-url.ts'
import { connectionConfig, isLost, timelineOf, type Primary, type Server } from './primary.ts'
import type { Transactions } from './transactions.ts'

/** How a process learns of what others stored: by LISTEN, or by looking, for engines without it. */
export type WakeUpMode = 'listen' | 'poll'

interface WakeUpOptions {
  readonly address: DatabaseAddress
  readonly primary: Primary
  readonly transactions: Transactions
  readonly mode: WakeUpMode
}

/** A server that stands still keeps its connections open: only a question tells. */
const HEALTH_EVERY_MS = 2_000
const HEALTH_WITHIN_MS = 5_000
const CONNECT_EVERY_MS = 250
const RENEW_EVERY_MS = 10_000
/** Hints come in bursts; together they cost the cluster one commit. */
const TELL_AFTER_MS = 5
/** 20 digits each, in a payload of less than 8,000 bytes. */
const MAX_TOLD = 350
const POLL_EVERY_MS = 1_000
const MAX_POLLED = 1_000
/** A device that polls is gone for moments only: its presence stays. */
const LINGER_MS = 60_000
const PROCESS_ID_BYTES = 6

// These tables are not logged, so that none of this waits for standbys.
const RENEW = `INSERT INTO processes (process, lease_until) VALUES ($1, now() + interval '30 seconds')
  ON CONFLICT (process) DO UPDATE SET lease_until = excluded.lease_until RETURNING xmax = 0 AS added`
const REMOVE_DEAD = `WITH dead AS (DELETE FROM processes WHERE lease_until < now() RETURNING process)
  DELETE FROM presence USING dead WHERE presence.process = dead.process`
const ADD_PRESENCE = `INSERT INTO presence (mailbox, process)
  SELECT mailbox, $2 FROM unnest($1::bigint[]) AS here (mailbox) ORDER BY mailbox ON CONFLICT DO NOTHING`
const REMOVE_PRESENCE = 'DELETE FROM presence WHERE process = $2 AND mailbox = ANY ($1::bigint[])'
const TELL = `SELECT pg_notify('sotto_' || process, string_agg(mailbox::text, ','))
  FROM presence JOIN processes USING (process)
  WHERE mailbox = ANY ($1::bigint[]) AND process <> $2 AND lease_until > now() GROUP BY process`
const LEAVE = `WITH left_processes AS (DELETE FROM processes WHERE process = $1)
  DELETE FROM presence WHERE process = $1`
const SEQUENCES = 'SELECT mailbox, last_seq FROM devices WHERE mailbox = ANY ($1::bigint[])'

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Ends at once when it is told to stop. */
const pauseUnless = (signal: AbortSignal, ms: number): Promise<void> =>
  sleep(ms, undefined, { signal }).catch(() => undefined)

function* slices<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size)
}

/**
 * Hints between processes by the database: a row says which process a device is connected to, and each process listens
 * to a channel of its own. Its connection also watches whether the primary still answers.
 */
export class DatabaseWakeUps implements WakeUpChannel {
  readonly #options: WakeUpOptions
  readonly #process = Number(`0x${Buffer.from(randomBytes(PROCESS_ID_BYTES)).toString('hex')}`)
  readonly #connected = new Map<MailboxId, { lastSeq: number }>()
  readonly #disconnectedAtMs = new Map<MailboxId, number>()
  readonly #unannounced = new Set<MailboxId>()
  readonly #untold = new Set<MailboxId>()
  readonly #stopped = new AbortController()
  readonly #watching: Promise<void>
  #listener: (mailbox: MailboxId | null) => void = () => undefined
  #flushing: Promise<void> | null = null
  #renewedAtMs = 0

  constructor(options: WakeUpOptions) {
    this.#options = options
    this.#watching = this.#watch()
  }

  listen(listener: (mailbox: MailboxId | null) => void): void {
    this.#listener = listener
  }

  connected(mailbox: MailboxId): void {
    this.#connected.set(mailbox, { lastSeq: Number.MAX_SAFE_INTEGER })
    if (this.#disconnectedAtMs.delete(mailbox)) return
    this.#unannounced.add(mailbox)
    this.#flush()
  }

  disconnected(mailbox: MailboxId): void {
    this.#connected.delete(mailbox)
    this.#disconnectedAtMs.set(mailbox, performance.now())
  }

  tell(mailbox: MailboxId): void {
    this.#untold.add(mailbox)
    this.#flush()
  }

  async close(): Promise<void> {
    this.#stopped.abort()
    await this.#watching
    await this.#flushing
    // Others would find out by themselves, later.
    await this.#options.transactions.read(LEAVE, [this.#process]).catch(() => undefined)
  }

  /** Sends what has gathered, soon, together. Failures are no matter: it was a hint. */
  #flush(): void {
    if (this.#options.mode === 'poll') {
      this.#unannounced.clear()
      this.#untold.clear()
      return
    }
    this.#flushing ??= pause(TELL_AFTER_MS)
      .then(() => this.#send())
      .catch(() => undefined)
      .finally(() => {
        this.#flushing = null
        if (this.#unannounced.size + this.#untold.size > 0) this.#flush()
      })
  }

  async #send(): Promise<void> {
    const announced = [...this.#unannounced]
    const told = [...this.#untold]
    this.#unannounced.clear()
    this.#untold.clear()
    const { transactions } = this.#options
    for (const mailboxes of slices(announced, MAX_POLLED)) {
      await transactions.read(ADD_PRESENCE, [mailboxes, this.#process])
    }
    for (const mailboxes of slices(told, MAX_TOLD)) {
      await transactions.read(TELL, [mailboxes, this.#process])
    }
  }

  async #watch(): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      const server = await this.#options.primary.current().catch(() => null)
      if (server !== null) {
        await this.#follow(server).catch((cause: unknown) => {
          if (this.#stopped.signal.aborted) return
          if (isLost(cause)) this.#options.primary.suspect(server, cause)
          else this.#options.primary.complain(server, cause)
        })
      }
      await pauseUnless(this.#stopped.signal, CONNECT_EVERY_MS)
    }
  }

  /** Stays with a server until it fails, or all ends. */
  async #follow(server: Server): Promise<void> {
    const { signal } = this.#stopped
    if (signal.aborted) return
    const client = new Client({
      ...connectionConfig(this.#options.address, server.host),
      pipeline: false,
      query_timeout: HEALTH_WITHIN_MS,
    })
    const cut = (): void => void client.connection.stream.destroy()
    client.on('error', () => undefined)
    signal.addEventListener('abort', cut)
    try {
      await client.connect()
      if (this.#options.mode === 'listen') await this.#hear(client)
      this.#renewedAtMs = 0
      // Whatever was told while nobody listened is lost.
      this.#listener(null)
      while (!signal.aborted) {
        if ((await timelineOf(client)) !== server.timeline)
          throw new Error('it is no primary any more')
        if (this.#options.mode === 'poll') await this.#poll(client)
        else await this.#renew(client)
        await pauseUnless(signal, this.#options.mode === 'poll' ? POLL_EVERY_MS : HEALTH_EVERY_MS)
      }
    } finally {
      signal.removeEventListener('abort', cut)
      cut()
    }
  }

  async #hear(client: Client): Promise<void> {
    client.on('notification', ({ payload = '' }) => {
      for (const mailbox of payload.split(',')) this.#listener(Number(mailbox) as MailboxId)
    })
    await client.query(`LISTEN sotto_${this.#process}`)
  }

  async #renew(client: ClientBase): Promise<void> {
    const nowMs = performance.now()
    if (this.#renewedAtMs !== 0 && nowMs - this.#renewedAtMs < RENEW_EVERY_MS) return
    this.#renewedAtMs = nowMs
    const { rows } = await client.query<{ added: boolean }>(RENEW, [this.#process])
    // A new process, or one whose rows are gone with a server or with its lease.
    if (rows[0]?.added === true) {
      for (const mailbox of this.#connected.keys()) this.#unannounced.add(mailbox)
      this.#flush()
    }
    await client.query(REMOVE_DEAD)
    const gone = [...this.#disconnectedAtMs].filter(([, atMs]) => nowMs - atMs > LINGER_MS)
    for (const [mailbox] of gone) this.#disconnectedAtMs.delete(mailbox)
    for (const mailboxes of slices(gone, MAX_POLLED)) {
      await client.query(REMOVE_PRESENCE, [mailboxes.map(([mailbox]) => mailbox), this.#process])
    }
  }

  /** Looks which of the connected devices' queues have grown since the last time. */
  async #poll(client: ClientBase): Promise<void> {
    for (const mailboxes of slices([...this.#connected.keys()], MAX_POLLED)) {
      const { rows } = await client.query<{ mailbox: MailboxId; last_seq: number }>(SEQUENCES, [
        mailboxes,
      ])
      for (const { mailbox, last_seq } of rows) {
        const known = this.#connected.get(mailbox)
        if (known !== undefined && known.lastSeq !== last_seq) {
          known.lastSeq = last_seq
          this.#listener(mailbox)
        }
      }
    }
    this.#disconnectedAtMs.clear()
  }
}
