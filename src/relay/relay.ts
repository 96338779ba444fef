import { mkdirSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { pino } from 'pino'
import { Authenticator } from './authenticator.ts'
import type { RelayConfig } from './config.ts'
import type { RelayContext } from './context.ts'
import { DepositStreams } from './deposit-streams.ts'
import { generateInviteCode, inviteCodeHash } from './invite-code.ts'
import { Maintenance } from './maintenance.ts'
import { RelayMetrics } from './metrics.ts'
import { parseDatabaseUrl } from './postgres/database-url.ts'
import { openPostgresStorage } from './postgres/storage.ts'
import { RateLimits } from './rate-limits.ts'
import { buildServer } from './server.ts'
import { Sessions } from './sessions.ts'
import { openSqliteStorage } from './sqlite/storage.ts'
import type { RelayStorage } from './storage.ts'
import { Streams } from './streams.ts'
import { WakeUps } from './wake-ups.ts'

/** In the folder of a relay with the embedded engine. */
export const DATABASE_FILE = 'relay.db'
const ERA_FILE = 'relay.era'
/** Requests still running at shutdown get this long. */
const SHUTDOWN_GRACE_MS = 5_000

export interface RunningRelay {
  /** `http://host:port` or `https://…`, with the port in use. */
  readonly url: string
  readonly metricsUrl: string | null
  /** Stops listening, lets running requests end, closes the database. */
  close(): Promise<void>
}

export interface RelayHooks {
  /** The database cannot be trusted any more. By default the process exits at once, acknowledging nothing. */
  readonly onFatal?: (cause: unknown) => void
  /** Time in milliseconds since 1970, for tests. */
  readonly nowMs?: () => number
  /** Another database than the file in `dataDir`. */
  readonly storage?: RelayStorage
}

/** @param eraFile - in the folder of the embedded engine; none beside a relay that may be running. */
async function openStorage(
  config: RelayConfig,
  onFatal: (cause: unknown) => void,
  log: (event: string) => void,
  eraFile: string | null,
): Promise<RelayStorage> {
  if (config.database !== null) {
    const address = parseDatabaseUrl(config.database)
    if (!address.ok) throw new TypeError('the configuration was not checked')
    const { withoutStandbys, wakeUp } = config
    return openPostgresStorage({ address: address.value, withoutStandbys, wakeUp, log })
  }
  if (config.dataDir === null) return openSqliteStorage({ path: ':memory:', onFatal })
  mkdirSync(config.dataDir, { recursive: true, mode: 0o700 })
  const path = join(config.dataDir, DATABASE_FILE)
  const era = eraFile === null ? {} : { eraFile: join(config.dataDir, eraFile) }
  return openSqliteStorage({ path, onFatal, ...era })
}

/**
 * Starts a relay inside this process.
 * @param config - from `relayConfig` of `config.ts`.
 * @returns when it answers requests.
 * @throws what the system says where it cannot listen or open its database.
 */
export async function startRelay(
  config: RelayConfig,
  hooks: RelayHooks = {},
): Promise<RunningRelay> {
  const logger = pino({ level: config.logLevel, base: null }, pino.destination(2))
  const nowMs = hooks.nowMs ?? Date.now
  const onFatal = (cause: unknown): void => {
    logger.fatal({ cause: String(cause) }, 'the database failed')
    if (hooks.onFatal === undefined) process.exit(1)
    hooks.onFatal(cause)
  }
  const log = (event: string): void => logger.warn(event)
  const storage = hooks.storage ?? (await openStorage(config, onFatal, log, ERA_FILE))
  const closing = new AbortController()
  const streams = new Streams()
  const depositStreams = new DepositStreams()
  const sessions = new Sessions(storage.secret)
  // By a clock that never jumps, lest everybody has to wait for it.
  const rates = new RateLimits(config, hooks.nowMs ?? (() => Math.floor(performance.now())))
  const context: RelayContext = {
    config,
    storage,
    sessions,
    rates,
    streams,
    depositStreams,
    auth: new Authenticator({ storage, sessions, rates, publicUrl: config.publicUrl, nowMs }),
    wakeUps: new WakeUps(storage.wakeUpChannel),
    metrics: new RelayMetrics(() => streams.size),
    nowMs,
    closing: closing.signal,
  }
  const app = await buildServer(context, logger)
  const maintenance = new Maintenance(context, (cause) => {
    logger.error({ cause: String(cause) }, 'maintenance failed')
  })
  let metrics: MetricsServer | null = null
  const close = async (): Promise<void> => {
    closing.abort()
    maintenance.stop()
    streams.closeAll()
    depositStreams.closeAll()
    const cut = setTimeout(() => app.server.closeAllConnections(), SHUTDOWN_GRACE_MS).unref()
    await app.close()
    clearTimeout(cut)
    await metrics?.close()
    await storage.close()
  }
  try {
    await app.listen({ host: config.host, port: config.port })
    if (config.metricsPort !== null) {
      context.metrics.collectProcess()
      metrics = await serveMetrics(context.metrics, config.host, config.metricsPort)
    }
  } catch (cause) {
    await close()
    throw cause
  }
  const url = origin(config.tls === null ? 'http' : 'https', app.server.address() as AddressInfo)
  logger.info({ url }, 'the relay is ready')
  return { url, metricsUrl: metrics?.url ?? null, close }
}

function origin(scheme: string, { address, family, port }: AddressInfo): string {
  return `${scheme}://${family === 'IPv6' ? `[${address}]` : address}:${port}`
}

interface MetricsServer {
  readonly url: string
  close(): Promise<void>
}

/** `/metrics` on a port of its own, so that it need not be reachable from outside. */
async function serveMetrics(
  metrics: RelayMetrics,
  host: string,
  port: number,
): Promise<MetricsServer> {
  const server = createServer((request, response) => {
    if (request.url !== '/metrics') {
      response.writeHead(404).end()
      return
    }
    void metrics.registry.metrics().then((text) => {
      response.writeHead(200, { 'content-type': metrics.registry.contentType }).end(text)
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  return {
    url: `${origin('http', server.address() as AddressInfo)}/metrics`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}

export interface InviteCodeOptions {
  readonly uses: number
  readonly expiresAtMs: number
}

/**
 * Makes an invite code for a relay that wants one; the relay may be running.
 * @param config - of the relay: says where its database is.
 * @returns the code, which is stored nowhere.
 */
export async function createInviteCode(
  config: RelayConfig,
  { uses, expiresAtMs }: InviteCodeOptions,
): Promise<string> {
  const onFatal = (cause: unknown): never => {
    throw cause
  }
  const storage = await openStorage(config, onFatal, () => undefined, null)
  try {
    const code = generateInviteCode()
    await storage.addInviteCode(inviteCodeHash(code), uses, expiresAtMs)
    return code
  } finally {
    await storage.close()
  }
}
