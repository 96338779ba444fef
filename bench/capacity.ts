// What a day of so many accounts asks of relays and databases, computed from measured costs: `npm run bench:capacity`.
// The measurements are of docs/benchmarks/postgres.json (`npm run bench:postgres -- --write`); everything else is an
// assumption and stands in ASSUMED. With `-- --write` the table goes into docs/SCALING.md.
import { readFileSync } from 'node:fs'
import type { BenchRow } from './report.ts'
import { figuresFile, writeSection } from './write-figures.ts'

const MEASURED = JSON.parse(readFileSync(figuresFile('postgres'), 'utf8')) as readonly BenchRow[]

function measured(name: string): number {
  const row = MEASURED.find((one) => one.name.startsWith(name))
  if (row === undefined) throw new Error(`"${name}" was not measured`)
  return row.value
}

/** Microseconds of processor time and bytes, apiece. */
const COST = {
  depositRelayUs: measured('a deposit: processor time of its relay'),
  depositPrimaryUs: measured('a deposit: processor time of the primary'),
  drainRelayUs: measured('a drained envelope: processor time of its relay'),
  drainPrimaryUs: measured('a drained envelope: processor time of the primary'),
  expiryPrimaryUs: measured('an expired envelope: processor time of the primary'),
  depositLogBytes: measured('a deposit: log'),
  expiryLogBytes: measured('an expired envelope: log'),
  envelopeBytes: measured('a waiting envelope on disk'),
  idBytes: measured('the id of an envelope on disk'),
}

const ASSUMED = {
  /** Messages an account sends a day, each to one device. */
  messagesADay: 40,
  /** Each brings receipts, delivered and read, that are envelopes too; some are sent together. */
  envelopesAMessage: 2.5,
  /** The busiest minute against the mean of the day, by the curve and the noise below. */
  eveningShare: 0.9,
  noiseShare: 0.15,
  /** Accounts with a connection at the busiest time. */
  onlineShare: 0.15,
  /** Envelopes that wait for an account that is away, on average over all. */
  waitingEach: 5,
  /** How long ids of acknowledged envelopes are kept. */
  retentionDays: 30,
  idleConnectionBytes: 20 * 1024,
  connectionsARelay: 10_000,
  /** A connected device's mailbox is looked into so often, by one query that mostly finds nothing. */
  lookEverySeconds: 25,
  /** Of such a query, measured by itself, six at a time over 1,000 mailboxes. */
  lookRelayUs: 42,
  lookPrimaryUs: 38,
  /** Connections of a relay to its database. */
  databaseConnectionsARelay: 22,
  /** Of a processor, so that an outage can be caught up with. */
  utilisation: 0.5,
  relayCores: 1,
  primaryCores: 16,
  /** Service away while a standby takes over. */
  failOverSeconds: 30,
} as const

const MINUTES_A_DAY = 1_440
const SECONDS_A_DAY = 86_400
const SIZES = [100_000, 1_000_000, 10_000_000, 100_000_000]

/** Mulberry32: the same day in every run. */
function seededRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** Envelopes a second in each minute of a day. */
function dayOf(accounts: number): readonly number[] {
  const random = seededRandom(accounts)
  const { messagesADay, envelopesAMessage, eveningShare, noiseShare } = ASSUMED
  const mean = (accounts * messagesADay * envelopesAMessage) / SECONDS_A_DAY
  return Array.from({ length: MINUTES_A_DAY }, (_, minute) => {
    const hour = minute / 60
    // Lowest at three at night, highest at nine in the evening, with a smaller hill at noon.
    const curve =
      1 +
      eveningShare *
        (0.8 * Math.cos(((hour - 21) * Math.PI) / 12) +
          0.35 * Math.cos(((hour - 12) * Math.PI) / 6))
    const noise = 1 + noiseShare * (random() + random() + random() - 1.5)
    return Math.max(0.05, curve) * noise * mean
  })
}

interface Plan {
  readonly accounts: number
  readonly peak: number
  readonly relays: number
  readonly databases: number
  readonly looks: number
  readonly databaseConnections: number
  readonly logMegabytes: number
  readonly waitingGigabytes: number
  readonly idsGigabytes: number
  readonly backlog: number
  readonly catchUpSeconds: number
}

/** What an envelope costs a database over its life: taken, fetched, acknowledged, and its id removed. */
const PRIMARY_US = COST.depositPrimaryUs + COST.drainPrimaryUs + COST.expiryPrimaryUs
const RELAY_US = COST.depositRelayUs + COST.drainRelayUs

function plan(accounts: number): Plan {
  const day = dayOf(accounts)
  const peak = Math.max(...day)
  const online = accounts * ASSUMED.onlineShare
  const looks = online / ASSUMED.lookEverySeconds
  const relayCores = (peak * RELAY_US + looks * ASSUMED.lookRelayUs) / 1e6
  const relaysForWork = relayCores / (ASSUMED.relayCores * ASSUMED.utilisation)
  const relaysForConnections = online / ASSUMED.connectionsARelay
  const relays = Math.max(2, Math.ceil(relaysForWork), Math.ceil(relaysForConnections))
  const primaryCores = (peak * PRIMARY_US + looks * ASSUMED.lookPrimaryUs) / 1e6
  const databases = Math.ceil(primaryCores / (ASSUMED.primaryCores * ASSUMED.utilisation))
  const envelopesADay = accounts * ASSUMED.messagesADay * ASSUMED.envelopesAMessage
  const { backlog, catchUpSeconds } = failOverAtPeak(day, databases, looks)
  return {
    accounts,
    peak,
    relays,
    databases,
    looks,
    databaseConnections: (relays * ASSUMED.databaseConnectionsARelay) / databases,
    logMegabytes: (peak * (COST.depositLogBytes + COST.expiryLogBytes)) / 1e6,
    waitingGigabytes: (accounts * ASSUMED.waitingEach * COST.envelopeBytes) / 1e9,
    idsGigabytes: (envelopesADay * ASSUMED.retentionDays * COST.idBytes) / 1e9,
    backlog,
    catchUpSeconds,
  }
}

/** One database is away at the busiest minute: what its senders keep meanwhile, and how long until it is stored. */
function failOverAtPeak(
  day: readonly number[],
  databases: number,
  looks: number,
): { readonly backlog: number; readonly catchUpSeconds: number } {
  const start = day.indexOf(Math.max(...day))
  const lookCores = ((looks / databases) * ASSUMED.lookPrimaryUs) / 1e6
  const capacity = ((ASSUMED.primaryCores - lookCores) * 1e6) / PRIMARY_US
  let backlog = 0
  let most = 0
  for (let second = 0; second < SECONDS_A_DAY; second++) {
    const rate = (day[(start + Math.floor(second / 60)) % MINUTES_A_DAY] ?? 0) / databases
    const served = second < ASSUMED.failOverSeconds ? 0 : capacity
    backlog = Math.max(0, backlog + rate - served)
    most = Math.max(most, backlog)
    if (second >= ASSUMED.failOverSeconds && backlog === 0) {
      return { backlog: most, catchUpSeconds: second - ASSUMED.failOverSeconds + 1 }
    }
  }
  return { backlog: most, catchUpSeconds: Infinity }
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  )
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join(' | ')} |`
  const rule = `| ${widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`
  return [line(header), rule, ...rows.map(line)].join('\n')
}

const whole = (value: number): string => Math.round(value).toLocaleString('en')
const short = (value: number): string => value.toLocaleString('en', { maximumSignificantDigits: 3 })

const plans = SIZES.map(plan)
const planned = table(
  ['Accounts', ...plans.map(({ accounts }) => whole(accounts))],
  [
    ['Envelopes a second, busiest minute', ...plans.map(({ peak }) => whole(peak))],
    ['Relay processes', ...plans.map(({ relays }) => whole(relays))],
    [
      'Looks into mailboxes of connected devices a second',
      ...plans.map(({ looks }) => whole(looks)),
    ],
    ['Database clusters of 3 servers', ...plans.map(({ databases }) => whole(databases))],
    [
      'Connections to a cluster',
      ...plans.map(({ databaseConnections }) => whole(databaseConnections)),
    ],
    ['Log at the peak, MB/s', ...plans.map(({ logMegabytes }) => short(logMegabytes))],
    ['Waiting envelopes, GB', ...plans.map(({ waitingGigabytes }) => short(waitingGigabytes))],
    ['Ids kept 30 days, GB', ...plans.map(({ idsGigabytes }) => short(idsGigabytes))],
    [
      'A cluster away 30 s at the peak: held by senders',
      ...plans.map(({ backlog }) => whole(backlog)),
    ],
    ['… and stored after, s', ...plans.map(({ catchUpSeconds }) => short(catchUpSeconds))],
  ],
)
const costs =
  `An envelope costs ${whole(RELAY_US)} µs at a relay and ${whole(PRIMARY_US)} µs at the primary. A primary of ` +
  `${ASSUMED.primaryCores} cores, half of it left free, takes ` +
  `${whole((ASSUMED.primaryCores * ASSUMED.utilisation * 1e6) / PRIMARY_US)} a second. A look that finds nothing costs ` +
  `${ASSUMED.lookRelayUs} µs at a relay and ${ASSUMED.lookPrimaryUs} µs at the primary.`
const text = `${planned}\n\n${costs}`
console.log(text)
if (process.argv.includes('--write')) writeSection('SCALING.md', 'capacity', text)
