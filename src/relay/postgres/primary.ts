import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  Client,
  DatabaseError,
  Pool,
  type ClientBase,
  type ClientConfig,
  type PoolClient,
} from 'pg'
import { StorageUnavailableError } from '../storage.ts'
import { COLUMN_TYPES } from './column-types.ts'
import { describeDatabase, type DatabaseAddress, type DatabaseHost } from './database-url.ts'

const CONNECT_WITHIN_MS = 3_000
/** How long a change or a reader waits for a primary before it fails. */
const FIND_WITHIN_MS = 5_000
const FIND_EVERY_MS = 250
const CLOSE_WITHIN_MS = 1_000
const COMPLAIN_EVERY_MS = 60_000
const STATEMENT_TIMEOUT_MS = 10_000
const LOCK_TIMEOUT_MS = 5_000
/** A relay process that stands still in the middle of a transaction must not hold the others up for longer. */
const IDLE_TRANSACTION_TIMEOUT_MS = 5_000
const KEEP_ALIVE_AFTER_MS = 5_000
/**
 * The tables live in a schema of their own. Every statement finds its rows by keys, so that plans that read whole tables
 * (which look cheap as long as nothing is known about a new table) are never right.
 */
const SESSION_OPTIONS =
  '-c synchronous_commit=on -c default_transaction_isolation=read\\ committed -c search_path=sotto -c jit=off ' +
  '-c plan_cache_mode=force_generic_plan ' +
  '-c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off'

export interface PrimaryOptions {
  readonly address: DatabaseAddress
  /** Connections for changes and for reading, each. */
  readonly connections: number
  /** A sentence for the operator's log. */
  readonly log: (event: string) => void
}

/** The server that is the primary, until it is not any more. */
export interface Server {
  readonly host: DatabaseHost
  /** Grows with every promotion of a standby. */
  readonly timeline: number
  readonly writes: Pool
  readonly reads: Pool
}

interface Role {
  readonly timeline: number | null
}

/** The timeline is the first eight digits of a log file's name; a standby has no log of its own to name. */
const ROLE = `SELECT CASE WHEN pg_is_in_recovery() THEN NULL
  ELSE ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int END AS timeline`

/** @returns `null` where the server is a standby. */
export async function timelineOf(client: ClientBase): Promise<number | null> {
  const { rows } = await client.query<Role>(ROLE)
  return rows[0]?.timeline ?? null
}

/** Whether the server is gone, going or no primary any more, so that another one must be looked for. */
export function isLost(cause: unknown): boolean {
  if (cause instanceof DatabaseError) return /^(08|57P|25006)/.test(cause.code ?? '')
  // `pg` and the system tell of a broken connection by plain errors; bugs have classes of their own.
  return cause instanceof Error && (cause.name === 'Error' || cause.name === 'AggregateError')
}

/** How to connect to one server. */
export function connectionConfig(address: DatabaseAddress, host: DatabaseHost): ClientConfig {
  const { user, password, database, tls, rootCertFile } = address
  return {
    host: host.host,
    port: host.port,
    user,
    database,
    // Never undefined: it would be looked for in the environment and in files.
    password: password ?? '',
    ssl: tls !== 'disable' && {
      rejectUnauthorized: tls !== 'require',
      ...(tls === 'verify-ca' && { checkServerIdentity: () => undefined }),
      ...(rootCertFile !== null && { ca: readFileSync(rootCertFile, 'utf8') }),
    },
    application_name: 'sotto-relay',
    options: SESSION_OPTIONS,
    types: COLUMN_TYPES,
    pipeline: true,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_AFTER_MS,
    connectionTimeoutMillis: CONNECT_WITHIN_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    lock_timeout: LOCK_TIMEOUT_MS,
    idle_in_transaction_session_timeout: IDLE_TRANSACTION_TIMEOUT_MS,
  }
}

/**
 * A client of the primary, not connected yet, for work that takes as long as it takes.
 * @throws StorageUnavailableError where no primary is found.
 */
export async function patientClient(address: DatabaseAddress): Promise<Client> {
  const primary = new Primary({ address, connections: 1, log: () => undefined })
  const { host } = await primary.current()
  await primary.close()
  return new Client({
    ...connectionConfig(address, host),
    pipeline: false,
    statement_timeout: 0,
    lock_timeout: 0,
    idle_in_transaction_session_timeout: 0,
  })
}

/**
 * Finds the primary among the servers of a cluster and keeps connections to it. When it is lost, all connections to it
 * are cut (whoever waits for an answer of a server that stands still would wait for ever) and it is looked for anew. A
 * server that still believes to be the primary while another one has been promoted is told by its older timeline.
 */
export class Primary {
  readonly #options: PrimaryOptions
  readonly #connections = new Map<Server, Set<PoolClient>>()
  readonly #verified = new WeakSet<PoolClient>()
  #server: Server | null = null
  #finding: Promise<Server> | null = null
  #newestTimeline = 0
  #complainedAtMs = -Infinity
  #closed = false

  constructor(options: PrimaryOptions) {
    this.#options = options
  }

  /** @throws StorageUnavailableError where none is found in time. */
  current(): Promise<Server> {
    if (this.#closed) return Promise.reject(new StorageUnavailableError('the storage is closed'))
    if (this.#server !== null) return Promise.resolve(this.#server)
    this.#finding ??= this.#find().finally(() => (this.#finding = null))
    return this.#finding
  }

  /**
   * A connection to a server, to be released.
   * @throws StorageUnavailableError where there is none in time.
   */
  async connect(server: Server, kind: 'reads' | 'writes'): Promise<PoolClient> {
    const pool = server[kind]
    let client: PoolClient | null = null
    try {
      client = await pool.connect()
      if (!this.#verified.has(client)) {
        // An address may lead to another server than before.
        if ((await timelineOf(client)) !== server.timeline) throw new Error('it has changed')
        this.#verified.add(client)
      }
      return client
    } catch (cause) {
      client?.release(true)
      // Waiting in vain until others have finished says nothing about the server, nor that it takes no more connections.
      const busy = client === null && pool.totalCount >= pool.options.max
      if (!isLost(cause)) this.complain(server, cause)
      else if (!busy) this.suspect(server, cause)
      throw new StorageUnavailableError('there is no connection to the database', { cause })
    }
  }

  /** Tells that a server failed: if it is the current one, it is given up. */
  suspect(server: Server, cause: unknown): void {
    if (this.#server !== server) return
    this.#server = null
    this.#say(server, 'is lost', cause)
    this.#cut(server)
  }

  /**
   * Tells of a server that answers and still gives no connection (too many of them, another password): it stays the
   * current one, and only its operator can help. At most once a minute, since all who ask fail.
   */
  complain(server: Server, cause: unknown): void {
    const nowMs = performance.now()
    if (nowMs - this.#complainedAtMs < COMPLAIN_EVERY_MS) return
    this.#complainedAtMs = nowMs
    this.#say(server, 'gives no connection', cause)
  }

  async close(): Promise<void> {
    this.#closed = true
    const server = this.#server
    this.#server = null
    if (server === null) return
    const ended = Promise.all([server.writes.end(), server.reads.end()])
    await Promise.race([ended, sleep(CLOSE_WITHIN_MS, undefined, { ref: false })])
    // Whoever still waits, waits for a server or its standbys: nobody listens to the answer any more.
    for (const client of this.#connections.get(server) ?? []) client.connection.stream.destroy()
    this.#connections.delete(server)
    await ended
  }

  #say({ host }: Server, what: string, cause: unknown): void {
    const why = cause instanceof Error ? cause.message : String(cause)
    this.#options.log(`the primary ${host.host}:${host.port} ${what}: ${why}`)
  }

  #cut(server: Server): void {
    for (const client of this.#connections.get(server) ?? []) client.connection.stream.destroy()
    this.#connections.delete(server)
    void server.writes.end()
    void server.reads.end()
  }

  async #find(): Promise<Server> {
    const deadlineMs = performance.now() + FIND_WITHIN_MS
    let cause: unknown
    do {
      const answers = this.#options.address.hosts.map((host) => this.#ask(host))
      const found = await Promise.any(answers).catch((error: unknown) => void (cause = error))
      // What is known of no promotion yet waits for all servers: one of them may know better.
      const all = this.#newestTimeline === 0 ? await Promise.allSettled(answers) : []
      const newest = all
        .flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []))
        .reduce((best, one) => (best && best.timeline >= one.timeline ? best : one), found)
      if (newest && !this.#closed) return this.#use(newest.host, newest.timeline)
      await sleep(FIND_EVERY_MS)
    } while (performance.now() < deadlineMs && !this.#closed)
    const reasons = cause instanceof AggregateError ? cause.errors.map(String).join('; ') : ''
    const where = describeDatabase(this.#options.address)
    throw new StorageUnavailableError(`No primary answers at ${where} (${reasons}).`, { cause })
  }

  async #ask(host: DatabaseHost): Promise<{ host: DatabaseHost; timeline: number }> {
    const client = new Client({
      ...connectionConfig(this.#options.address, host),
      query_timeout: CONNECT_WITHIN_MS,
    })
    client.on('error', () => undefined)
    try {
      await client.connect()
      const timeline = await timelineOf(client)
      if (timeline === null) throw new Error(`${host.host}:${host.port} is a standby`)
      if (timeline < this.#newestTimeline) {
        throw new Error(`${host.host}:${host.port} is a former primary`)
      }
      return { host, timeline }
    } finally {
      client.connection.stream.destroy()
    }
  }

  #use(host: DatabaseHost, timeline: number): Server {
    if (this.#newestTimeline !== 0) {
      this.#options.log(`the primary is now ${host.host}:${host.port}, timeline ${timeline}`)
    }
    this.#newestTimeline = timeline
    const clients = new Set<PoolClient>()
    const pool = (): Pool => {
      const made = new Pool({
        ...connectionConfig(this.#options.address, host),
        max: this.#options.connections,
        idleTimeoutMillis: 60_000,
      })
      made.on('connect', (client) => {
        clients.add(client)
        // Its user sees the same failure as a rejected query.
        client.on('error', () => undefined)
      })
      made.on('remove', (client) => clients.delete(client))
      made.on('error', (cause) => this.suspect(server, cause))
      return made
    }
    const server: Server = { host, timeline, writes: pool(), reads: pool() }
    this.#connections.set(server, clients)
    this.#server = server
    return server
  }
}
