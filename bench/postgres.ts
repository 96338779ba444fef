// The relay over a PostgreSQL cluster of three servers, all on this machine: `npm run bench:postgres`. With `-- --write`
// the figures go into docs/SCALING.md and docs/benchmarks/postgres.json, from which `npm run bench:capacity` computes.
import { fork } from 'node:child_process'
import { loadavg } from 'node:os'
import { Client } from 'pg'
import { tokenHash } from '#crypto/delivery-token.ts'
import { hmacSha256 } from '#crypto/hkdf.ts'
import { randomBytes } from '#crypto/primitives.ts'
import { signRequest } from '#relay-client/request-signing.ts'
import { openPostgresStorage } from '#relay/postgres/storage.ts'
import { Sessions } from '#relay/sessions.ts'
import type { AccountId, MailboxId, RelayStorage } from '#relay/storage.ts'
import { RelayCluster, relayCommand } from '#test/cluster/relay-cluster.ts'
import {
  databaseAddress,
  POSTGRES_PROGRAMS,
  PostgresCluster,
} from '#test/helpers/postgres-server.ts'
import { cpuSeconds } from './process-cpu.ts'
import type { Job, LoadResult, StreamTarget } from './relay-load.ts'
import { atLeast, formatTable, median, type BenchRow } from './report.ts'
import { writeFigures } from './write-figures.ts'

const GROUP = 'Relay, PostgreSQL, flushed on two of three servers (1 KB bodies)'
const BODY_BYTES = 1_024
const MAILBOXES = 1_000
const RELAYS = 3
const CLIENTS_EACH = 64
const WEB_SOCKETS_EACH = 4
const AT_ONCE = 256
const ROUNDS = 3
const RUN_MS = 4_000
const DRAIN_STREAMS = 24
const DRAIN_EACH = 1_000
const TARGET_PER_SECOND = 8_000
const FLOOR_CONNECTIONS = 2
const LIMITS = { envelopes: 1e9, bytes: 1e12, knocks: 1, idleMs: 1e15 }

interface Mailbox {
  readonly account: AccountId
  readonly mailbox: MailboxId
  readonly token: Uint8Array
}

async function addMailbox(storage: RelayStorage, index: number): Promise<Mailbox> {
  const name = `user${index}`
  const account = { name, signingKey: randomBytes(65), deviceId: 1, certificate: randomBytes(200) }
  await storage.register({ ...account, inviteHash: null }, Date.now())
  const found = await storage.findAccount(name)
  const device = found?.devices[0]
  if (found === null || device === undefined) throw new Error('no account')
  const token = randomBytes(32)
  const record = { hash: tokenHash(token), label: randomBytes(16), uses: null, expiresAtMs: null }
  await storage.putTokens(found.id, { add: [record], revoke: [] }, 10, Date.now())
  return { account: found.id, mailbox: device.mailbox, token }
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

/** What something cost each kind of process, in microseconds of processor time apiece. */
interface Cost {
  readonly relayUs: number
  readonly primaryUs: number
  readonly standbyUs: number
  readonly walBytes: number
}

class Bench {
  readonly #database: PostgresCluster
  readonly #relays: RelayCluster
  readonly #storage: RelayStorage
  readonly #mailboxes: readonly Mailbox[]

  constructor(
    database: PostgresCluster,
    relays: RelayCluster,
    storage: RelayStorage,
    mailboxes: readonly Mailbox[],
  ) {
    this.#database = database
    this.#relays = relays
    this.#storage = storage
    this.#mailboxes = mailboxes
  }

  /** Straight into the engine, in this process: what the database side gives. */
  async engine(): Promise<number> {
    const untilMs = performance.now() + RUN_MS
    let count = 0
    await Promise.all(
      Array.from({ length: AT_ONCE }, async (_, first) => {
        for (let turn = first; performance.now() < untilMs; turn += AT_ONCE) {
          await this.#deposit(turn)
          count += 1
        }
      }),
    )
    return (count / RUN_MS) * 1_000
  }

  /** The floor: the same bytes into a table with the same keys, as many a commit, and no rule that makes it a relay. */
  async floor(): Promise<number> {
    const { port } = this.#database.primary
    const client = () =>
      new Client({ host: '127.0.0.1', port, user: 'sotto', database: 'postgres', keepAlive: true })
    const clients = Array.from({ length: FLOOR_CONNECTIONS }, client)
    for (const one of clients) await one.connect()
    const [first] = clients
    await first?.query(`CREATE TABLE IF NOT EXISTS floor (row bigserial, box bigint, id bytea PRIMARY KEY, body bytea);
      CREATE UNIQUE INDEX IF NOT EXISTS floor_boxes ON floor (box, row)`)
    const rows = AT_ONCE / FLOOR_CONNECTIONS
    const untilMs = performance.now() + RUN_MS
    let count = 0
    const insert = async (one: Client): Promise<void> => {
      while (performance.now() < untilMs) {
        await one.query({
          name: 'floor',
          text: `INSERT INTO floor (box, id, body) SELECT box, id, substring($3::bytea FROM (n::int - 1) * ${BODY_BYTES} + 1 FOR ${BODY_BYTES})
            FROM unnest($1::bigint[], $2::bytea[]) WITH ORDINALITY AS added (box, id, n)`,
          values: [
            Array.from({ length: rows }, (_, row) => row),
            Array.from({ length: rows }, () => randomBytes(16)),
            randomBytes(rows * BODY_BYTES),
          ],
        })
        count += rows
      }
    }
    await Promise.all(clients.map(insert))
    for (const one of clients) await one.end()
    return (count / RUN_MS) * 1_000
  }

  async #deposit(turn: number): Promise<void> {
    const { token } = this.#mailboxes[turn % MAILBOXES] as Mailbox
    const envelope = { tokenHash: tokenHash(token), deviceId: 1, id: randomBytes(16) }
    const body = randomBytes(BODY_BYTES)
    const { outcome } = await this.#storage.deposit({ ...envelope, body }, LIMITS, Date.now())
    if (outcome !== 'stored') throw new Error(outcome)
  }

  /** At so many relay processes: over HTTP a request at a time, or over WebSockets with full windows. */
  async deposits(relays: number, by: 'deposit' | 'pipeline' = 'deposit'): Promise<LoadResult> {
    const all = this.#mailboxes.map(({ token }) => Buffer.from(token).toString('base64url'))
    const results = await Promise.all(
      this.#relays.members.slice(0, relays).map(({ port }, index) => {
        // Senders at different relays rarely write to the same device at once.
        const tokens = all.filter((_token, turn) => turn % RELAYS === index)
        const common = { tokens, forMs: RUN_MS, bodyBytes: BODY_BYTES }
        if (by === 'deposit') {
          return load({ kind: by, port: port ?? 0, clients: CLIENTS_EACH, ...common })
        }
        const url = `ws://127.0.0.1:${port ?? 0}/v1/deposits`
        return load({ kind: by, url, connections: WEB_SOCKETS_EACH, ...common })
      }),
    )
    const middle = (key: 'p50Ms' | 'p99Ms'): number => median(results.map((one) => one[key]))
    return {
      count: results.reduce((sum, { count }) => sum + count, 0),
      perSecond: results.reduce((sum, { perSecond }) => sum + perSecond, 0),
      p50Ms: middle('p50Ms'),
      p99Ms: middle('p99Ms'),
    }
  }

  /** Fills mailboxes and fetches them by WebSocket at all relays. */
  async drained(): Promise<{ readonly perSecond: number; readonly cost: Cost }> {
    for (const { mailbox } of this.#mailboxes.slice(0, DRAIN_STREAMS)) {
      await this.#storage.acknowledge(mailbox, { through: Number.MAX_SAFE_INTEGER })
    }
    const turns = Array.from({ length: DRAIN_STREAMS * DRAIN_EACH }, (_, turn) => turn)
    const targets = turns.map((turn) => Math.floor(turn / DRAIN_EACH))
    for (let start = 0; start < targets.length; start += AT_ONCE) {
      await Promise.all(targets.slice(start, start + AT_ONCE).map((turn) => this.#deposit(turn)))
    }
    const streams = Array.from({ length: DRAIN_STREAMS }, (_, index) => this.#stream(index))
    const envelopes = DRAIN_STREAMS * DRAIN_EACH
    let perSecond = 0
    const cost = await this.#costOf(envelopes, async () => {
      perSecond = (await load({ kind: 'drain', streams, envelopes })).perSecond
    })
    return { perSecond, cost }
  }

  #stream(index: number): StreamTarget {
    const owner = this.#mailboxes[index]
    const port = this.#relays.members[index % RELAYS]?.port
    if (owner === undefined || port === undefined) throw new RangeError('no such mailbox')
    const sessions = new Sessions(this.#storage.secret)
    const session = sessions.open({ ...owner, deviceId: 1 }, Date.now())
    const origin = `//127.0.0.1:${port}/v1/stream`
    const headers = signRequest(
      { id: session.id, algorithm: 'hmac-sha256', sign: (base) => hmacSha256(session.key, base) },
      { method: 'GET', url: `http:${origin}` },
      { nowMs: Date.now },
      randomBytes,
    )
    return { url: `ws:${origin}`, headers }
  }

  async depositCost(): Promise<Cost & { readonly perSecond: number }> {
    let count = 0
    const before = await this.#stored()
    let perSecond = 0
    const total = await this.#costOf(1, async () => {
      perSecond = (await this.deposits(RELAYS)).perSecond
      count = (await this.#stored()) - before
    })
    return {
      perSecond,
      relayUs: total.relayUs / count,
      primaryUs: total.primaryUs / count,
      standbyUs: total.standbyUs / count,
      walBytes: total.walBytes / count,
    }
  }

  /** Removing what has had its time, acknowledged ids above all. */
  async expired(): Promise<{ readonly perSecond: number; readonly cost: Cost }> {
    const total = await this.#stored()
    const startedMs = performance.now()
    const cost = await this.#costOf(total, async () => {
      const later = Date.now() + 1_000
      while ((await this.#storage.expire(later, 1)) > 0);
    })
    return { perSecond: (total / (performance.now() - startedMs)) * 1_000, cost }
  }

  /** Bytes on disk for one envelope that waits, and for the id of one that was acknowledged. */
  async sizes(): Promise<{ readonly envelopeBytes: number; readonly idBytes: number }> {
    const sql = `SELECT
      (SELECT sum(pg_total_relation_size(relid)) FROM pg_partition_tree('sotto.envelopes'))::float8
        / (SELECT count(*) FROM sotto.envelopes) AS envelope,
      (SELECT sum(pg_total_relation_size(relid)) FROM pg_partition_tree('sotto.envelope_ids'))::float8
        / (SELECT count(*) FROM sotto.envelope_ids) AS id`
    const [row] = await this.#database.primary.query<{ envelope: number; id: number }>(sql)
    if (row === undefined) throw new Error('no sizes')
    return { envelopeBytes: row.envelope, idBytes: row.id }
  }

  async #stored(): Promise<number> {
    const sql = 'SELECT count(*)::int AS count FROM sotto.envelope_ids'
    return (await this.#database.primary.query<{ count: number }>(sql))[0]?.count ?? 0
  }

  async #costOf(times: number, run: () => Promise<void>): Promise<Cost> {
    const read = async () => ({
      // This process stands for a relay where it works on the engine itself.
      relay:
        this.#relays.members.reduce((sum, { pid }) => sum + cpuSeconds(pid), 0) +
        process.cpuUsage().user / 1e6,
      primary: cpuSeconds(this.#database.primary.pid),
      standbys: this.#database.standbys.reduce((sum, { pid }) => sum + cpuSeconds(pid), 0),
      wal:
        (
          await this.#database.primary.query<{ bytes: number }>(
            "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::float8 AS bytes",
          )
        )[0]?.bytes ?? 0,
    })
    const before = await read()
    await run()
    const after = await read()
    const us = (seconds: number): number => (seconds * 1e6) / times
    return {
      relayUs: us(after.relay - before.relay),
      primaryUs: us(after.primary - before.primary),
      standbyUs: us(after.standbys - before.standbys) / this.#database.standbys.length,
      walBytes: (after.wal - before.wal) / times,
    }
  }
}

async function measure(bench: Bench): Promise<readonly BenchRow[]> {
  const rows: BenchRow[] = []
  const row = (name: string, unit: string, value: number): void =>
    void rows.push({ group: GROUP, name, unit, value })
  row('others on this machine before the run (load average)', '', loadavg()[0] ?? 0)
  await bench.engine()
  const engine: number[] = []
  const floors: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    floors.push(await bench.floor())
    engine.push(await bench.engine())
  }
  const target = { target: TARGET_PER_SECOND, floor: median(floors) }
  const name = `deposits, engine of one process, ${AT_ONCE} at once`
  rows.push(atLeast({ group: GROUP, name, unit: '/s', value: median(engine) }, target))

  row('floor: bare rows, as many a commit', '/s', median(floors))

  for (const relays of [1, RELAYS]) {
    const runs: LoadResult[] = []
    for (let round = 0; round < ROUNDS; round++) runs.push(await bench.deposits(relays))
    const of = (key: keyof LoadResult): number => median(runs.map((run) => run[key]))
    const title = `deposits over HTTP, ${relays} relay${relays > 1 ? 's' : ''} x ${CLIENTS_EACH} clients`
    row(title, '/s', of('perSecond'))
    row(`${title}, p50`, 'ms', of('p50Ms'))
    row(`${title}, p99`, 'ms', of('p99Ms'))
  }
  const pipes: LoadResult[] = []
  for (let round = 0; round < ROUNDS; round++) pipes.push(await bench.deposits(1, 'pipeline'))
  const pipelined = median(pipes.map(({ perSecond }) => perSecond))
  const through = `deposits, pipelined, 1 relay x ${WEB_SOCKETS_EACH} WebSockets`
  rows.push(
    atLeast(
      { group: GROUP, name: through, unit: '/s', value: pipelined },
      { target: TARGET_PER_SECOND },
    ),
  )
  const sizes = await bench.sizes()
  const deposit = await bench.depositCost()
  row(`the same ${RELAYS} relays, measured for what a deposit costs`, '/s', deposit.perSecond)
  row('a deposit: processor time of its relay', 'µs', deposit.relayUs)
  row('a deposit: processor time of the primary', 'µs', deposit.primaryUs)
  row('a deposit: processor time of a standby', 'µs', deposit.standbyUs)
  row('a deposit: log', 'bytes', deposit.walBytes)
  row('a waiting envelope on disk', 'bytes', sizes.envelopeBytes)
  row('the id of an envelope on disk', 'bytes', sizes.idBytes)
  const drain = await bench.drained()
  row(`drained and acknowledged, ${DRAIN_STREAMS} streams`, '/s', drain.perSecond)
  row('a drained envelope: processor time of its relay', 'µs', drain.cost.relayUs)
  row('a drained envelope: processor time of the primary', 'µs', drain.cost.primaryUs)
  const expiry = await bench.expired()
  row('expired by one process', '/s', expiry.perSecond)
  row('an expired envelope: processor time of the primary', 'µs', expiry.cost.primaryUs)
  row('an expired envelope: log', 'bytes', expiry.cost.walBytes)
  return rows
}

async function run(): Promise<readonly BenchRow[]> {
  const database = await PostgresCluster.start()
  try {
    await relayCommand(database.url, 'migrate')
    const relays = new RelayCluster(database.url, RELAYS)
    await relays.start()
    const storage = await openPostgresStorage({
      address: databaseAddress(database.url),
      withoutStandbys: false,
      wakeUp: 'listen',
      log: () => undefined,
    })
    try {
      const indexes = Array.from({ length: MAILBOXES }, (_, index) => index)
      const mailboxes: Mailbox[] = []
      for (const index of indexes) mailboxes.push(await addMailbox(storage, index))
      return await measure(new Bench(database, relays, storage, mailboxes))
    } finally {
      await storage.close()
      await relays.stop()
    }
  } finally {
    await database.stop()
  }
}

if (POSTGRES_PROGRAMS === null) {
  console.error('This machine has no PostgreSQL. On Debian: apt-get install postgresql')
  process.exit(2)
}
const rows = await run()
console.log(formatTable(rows))
console.log(`\n${JSON.stringify(rows)}`)
if (process.argv.includes('--write')) writeFigures('postgres', rows, 'SCALING.md')
