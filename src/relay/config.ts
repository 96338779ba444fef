import Type, { type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { Default } from 'typebox/value'
import { NAME_PATTERN } from '#protocol/address.ts'
import { RESERVED_NAMES } from '#protocol/look-alikes.ts'
import {
  MAX_BLOB_BYTES,
  MAX_COMMIT_BYTES,
  MAX_ENVELOPE_BYTES,
  MAX_KNOCK_BYTES,
} from '#protocol/relay-limits.ts'
import { MAX_WORK_BITS } from '#protocol/relay-work.ts'
import { failure, type Failure } from '#shared/errors.ts'
import { err, ok, type Result } from '#shared/result.ts'
import { parseDatabaseUrl } from './postgres/database-url.ts'

const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const DAY_MS = 24 * 60 * MINUTE_MS

const strict = { additionalProperties: false } as const
const count = (value: number) => Type.Integer({ minimum: 1, maximum: 1e12, default: value })

/** A token bucket: `burst` at once, then one every `everyMs`. */
const bucket = (burst: number, everyMs: number) =>
  Type.Object({ burst: count(burst), everyMs: count(everyMs) }, { ...strict, default: {} })

const Limits = Type.Object(
  {
    envelopeBytes: Type.Integer({
      minimum: 1,
      maximum: MAX_ENVELOPE_BYTES,
      default: MAX_ENVELOPE_BYTES,
    }),
    knockBytes: Type.Integer({ minimum: 1, maximum: MAX_KNOCK_BYTES, default: MAX_KNOCK_BYTES }),
    mailboxEnvelopes: count(1_000),
    mailboxBytes: count(16 * 1024 * 1024),
    mailboxKnocks: count(20),
    retentionMs: count(30 * DAY_MS),
    idleDeviceMs: count(45 * DAY_MS),
    /** One-time prekeys of one kind that wait for one device. */
    prekeys: count(200),
    /** Delivery tokens of one account, ended ones included until they expire. */
    tokens: count(10_000),
    groupCommitBytes: Type.Integer({
      minimum: 1,
      maximum: MAX_COMMIT_BYTES,
      default: MAX_COMMIT_BYTES,
    }),
    /** Commits of one group, and their bytes: beyond, the oldest go. */
    groupCommits: count(1_000),
    groupBytes: count(8 * 1024 * 1024),
    /** Space on the disk of the relay's own database that groups leave to the rest. */
    groupReserveBytes: Type.Integer({ minimum: 0, default: 256 * 1024 * 1024 }),
    /** A group without a commit for this long is forgotten. */
    groupIdleMs: count(180 * DAY_MS),
    blobBytes: Type.Integer({ minimum: 1, maximum: MAX_BLOB_BYTES, default: MAX_BLOB_BYTES }),
    /** Attachments of one account, announced or stored. */
    accountBlobs: count(1_000),
    accountBlobBytes: count(1024 * 1024 * 1024),
    blobRetentionMs: count(14 * DAY_MS),
    /** For an upload to be finished. */
    blobUploadMs: count(DAY_MS),
    /** Space on the disk that attachments in files leave to the rest. */
    blobReserveBytes: Type.Integer({ minimum: 0, default: 256 * 1024 * 1024 }),
    connections: count(20_000),
    /** Of one address; behind a proxy, WebSockets only. */
    connectionsPerAddress: count(500),
    /** WebSockets of senders. */
    depositConnections: count(1_000),
    depositConnectionsPerAddress: count(32),
    /** Requests of one connection that wait for their answer at once. */
    pipelined: count(16),
    /** Bodies that are being received or handled, of all connections together; a quarter for one address. */
    bodiesBytes: count(64 * 1024 * 1024),
    /** Answers that have not been read yet, but for small ones, of all connections together; a quarter for one address. */
    answersBytes: count(64 * 1024 * 1024),
    /** To receive a whole request: slower senders are cut off. */
    requestTimeoutMs: count(20 * SECOND_MS),
    /** To read an answer, for every 256 KiB or less: slower readers are cut off. */
    answerTimeoutMs: count(2 * MINUTE_MS),
    /** Connections on which nothing moves are cut off. Longer than the longest poll. */
    silenceMs: count(2 * MINUTE_MS),
    /** Above this delay of the event loop, requests are refused for a moment; 0 never refuses. */
    eventLoopDelayMs: Type.Integer({ minimum: 0, default: 5_000 }),
  },
  { ...strict, default: {} },
)

const Rates = Type.Object(
  {
    /** Per requester address. */
    registrations: bucket(6, 30 * SECOND_MS),
    /** Per requester address: names, identities and bundles looked up. */
    lookups: bucket(120, SECOND_MS),
    /** Per requester address and account. */
    bundles: bucket(6, 10 * MINUTE_MS),
    /** Per account: above it, bundles come without one-time keys, so that nobody can use them up. */
    oneTimeKeys: bucket(60, MINUTE_MS),
    /** Per delivery token: one sender to one receiver. */
    deposits: bucket(60, SECOND_MS),
    /** Per requester address: deposits by whatever tokens. */
    senders: bucket(2_000, 20),
    /** Per receiving device: deposits by whatever tokens. */
    incoming: bucket(10_000, 5),
    /** Per requester address. */
    knocks: bucket(5, 12 * MINUTE_MS),
    /** Per receiving account: knocks from wherever. */
    knocked: bucket(30, 2 * MINUTE_MS),
    /** Per account: requests signed with its key. */
    account: bucket(60, 5 * SECOND_MS),
    /** Per requester address: WebSockets opened. */
    opens: bucket(120, SECOND_MS),
    /** Per requester address: groups made. */
    groups: bucket(6, 10 * MINUTE_MS),
    /** Per requester address and group: commits. */
    groupCommits: bucket(120, 10 * SECOND_MS),
    /** Per account: uploads begun. */
    uploads: bucket(50, 1_200),
    /** Per account: parts of uploads. */
    uploadParts: bucket(600, 250),
    /** Per requester address: downloads, for every 4 MiB or less. */
    downloads: bucket(480, 100),
    /** Per attachment, the same: no relay is to become a file server for the public. */
    blobDownloads: bucket(2_500, SECOND_MS),
    /** Per requester address: requests whose signature or token must be looked at, commits of groups among them. */
    signed: bucket(120, 500),
    /** Per device, once its session is known. */
    device: bucket(240, 50),
  },
  { ...strict, default: {} },
)

export const RelayConfig = Type.Object(
  {
    host: Type.String({ minLength: 1, maxLength: 255, default: '127.0.0.1' }),
    /** 0: any free port. */
    port: Type.Integer({ minimum: 0, maximum: 65_535, default: 8_443 }),
    /** Folder of the database, the lock and the socket of `relay admin`; `null` keeps everything in memory, for tests. */
    dataDir: Type.Union([Type.String({ minLength: 1 }), Type.Null()], { default: null }),
    /** URL of a PostgreSQL cluster that holds everything, instead of the file in `dataDir`. */
    database: Type.Union([Type.String({ minLength: 1 }), Type.Null()], { default: null }),
    /** The operator's word that a database on one server, without standbys, is enough. */
    withoutStandbys: Type.Boolean({ default: false }),
    /** How processes over one database learn of what others stored; `poll` where it has no LISTEN. */
    wakeUp: Type.Union([Type.Literal('listen'), Type.Literal('poll')], { default: 'listen' }),
    /**
     * Where attachments lie: a folder, or `s3://bucket/prefix`; `null`: a folder in `dataDir`. Relays over one database
     * must say it, since they share no folder of their own.
     */
    blobs: Type.Union([Type.String({ minLength: 1 }), Type.Null()], { default: null }),
    /** Who may register: anybody, whoever does the work, or whoever has an invite code. */
    registration: Type.Union([Type.Literal('open'), Type.Literal('work'), Type.Literal('invite')], {
      default: 'work',
    }),
    /** Names that nobody may register, nor any that look like them. */
    reservedNames: Type.Array(Type.String({ pattern: NAME_PATTERN.source }), {
      default: [...RESERVED_NAMES],
    }),
    /** Leading zero bits of the proof of work; with 0, `work` is `open`. */
    powBits: Type.Integer({ minimum: 0, maximum: MAX_WORK_BITS, default: 18 }),
    /** Origin that clients reach this relay by, where it is known: signatures for another are refused. */
    publicUrl: Type.Union([Type.String({ pattern: '^https?://[^/\\s?#@]+$' }), Type.Null()], {
      default: null,
    }),
    /** Believe `X-Forwarded-*`: only behind a proxy that sets them. */
    trustProxy: Type.Boolean({ default: false }),
    tls: Type.Union(
      [Type.Object({ cert: Type.String(), key: Type.String() }, strict), Type.Null()],
      {
        default: null,
      },
    ),
    /** Port of `/metrics`, on the same host; `null`: none. */
    metricsPort: Type.Union([Type.Integer({ minimum: 0, maximum: 65_535 }), Type.Null()], {
      default: null,
    }),
    /** Where `/metrics` listens; `null`: where the relay does. */
    metricsHost: Type.Union([Type.String({ minLength: 1, maxLength: 255 }), Type.Null()], {
      default: null,
    }),
    logLevel: Type.Union(
      [
        Type.Literal('silent'),
        Type.Literal('error'),
        Type.Literal('warn'),
        Type.Literal('info'),
        Type.Literal('debug'),
      ],
      { default: 'silent' },
    ),
    /** Socket of `relay admin`; `null`: `admin.sock` in the folder of the database, where there is one. */
    adminSocket: Type.Union([Type.String({ minLength: 1 }), Type.Null()], { default: null }),
    /** How long `/readyz` says no before the relay stops listening, for load balancers to notice. */
    drainMs: Type.Integer({ minimum: 0, maximum: 10 * MINUTE_MS, default: 0 }),
    /** Running requests get this long at the end. */
    shutdownMs: Type.Integer({ minimum: 0, maximum: 10 * MINUTE_MS, default: 5 * SECOND_MS }),
    limits: Limits,
    rates: Rates,
  },
  strict,
)
/** Everything that can be set on a relay. PEM texts, not file names, under `tls`. */
export type RelayConfig = Static<typeof RelayConfig>

/** A part of a {@link RelayConfig}; what is left out has its default. */
export type RelayOptions = {
  readonly [Key in keyof RelayConfig]?: Key extends 'limits' | 'rates'
    ? { readonly [Inner in keyof RelayConfig[Key]]?: RelayConfig[Key][Inner] }
    : RelayConfig[Key]
}

const validator = Compile(RelayConfig)

/** Fills in the defaults and checks every value. The failure's cause names what is wrong. */
export function relayConfig(options: RelayOptions): Result<RelayConfig, Failure<'INVALID_INPUT'>> {
  const filled: unknown = Default(
    RelayConfig,
    structuredClone({ limits: {}, rates: {}, ...options }),
  )
  if (validator.Check(filled)) {
    const database = filled.database === null ? null : parseDatabaseUrl(filled.database)
    if (database?.ok === false) return database
    const needsNoWork = filled.registration === 'work' && filled.powBits === 0
    return ok(needsNoWork ? { ...filled, registration: 'open' } : filled)
  }
  const [first] = validator.Errors(filled)
  const where = first?.instancePath.slice(1).replaceAll('/', '.') ?? ''
  return err(
    failure('INVALID_INPUT', { cause: `${where} ${first?.message ?? 'is not valid'}`.trim() }),
  )
}
