import type { AddressInfo } from 'node:net'
import { pino, type DestinationStream } from 'pino'
import { startAdminServer } from './admin/server.ts'
import { adminSocketPath } from './admin/socket-path.ts'
import { Authenticator } from './authenticator.ts'
import { BlockList } from './block-list.ts'
import type { BlobStore } from './blobs/blob-store.ts'
import { openBlobStore } from './blobs/open-blob-store.ts'
import type { RelayConfig } from './config.ts'
import type { RelayApp, RelayContext } from './context.ts'
import { diskFreeBytes, lastBackupMs } from './data-folder.ts'
import { lockFolder } from './folder-lock.ts'
import { DepositStreams } from './deposit-streams.ts'
import { generateInviteCode, inviteCodeHash } from './invite-code.ts'
import { KeyLog } from './key-log/key-log.ts'
import { Maintenance } from './maintenance.ts'
import { serveMetrics } from './metrics-server.ts'
import { RelayMetrics } from './metrics.ts'
import { openStorage, type StoragePlace } from './open-storage.ts'
import { originOf } from './origin.ts'
import { RateLimits } from './rate-limits.ts'
import { buildServer } from './server.ts'
import { Sessions } from './sessions.ts'
import { Shutdown } from './shutdown.ts'
import type { RelayStorage } from './storage.ts'
import { Streams } from './streams.ts'
import { WakeUps } from './wake-ups.ts'

const SWEEP_EVERY_MS = 50

export interface RunningRelay {
  /** `http://host:port` or `https://…`, with the port in use. */
  readonly url: string
  readonly metricsUrl: string | null
  /** Says that it is not ready, stops listening, lets running requests end, closes the database. */
  close(): Promise<void>
}

export interface RelayHooks {
  /** The database cannot be trusted any more. By default the process exits at once, acknowledging nothing. */
  readonly onFatal?: (cause: unknown) => void
  /** Time in milliseconds since 1970, for tests. */
  readonly nowMs?: () => number
  /** Another database than the configured one. */
  readonly storage?: RelayStorage
  /** Takes the log instead of standard error. */
  readonly logTo?: DestinationStream
  /** Another place for attachments than the configured one. */
  readonly blobs?: BlobStore
}

/** Another process serves the folder: two would hand out the same keys. */
export class FolderInUseError extends Error {
  override readonly name = 'FolderInUseError'
}

const delay = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/**
 * Starts a relay inside this process.
 * @param config - from `relayConfig` of `config.ts`.
 * @returns when it answers requests.
 * @throws FolderInUseError, or what the system says where it cannot listen or open its database.
 */
export async function startRelay(
  config: RelayConfig,
  hooks: RelayHooks = {},
): Promise<RunningRelay> {
  const { dataDir } = config
  const logger = pino({ level: config.logLevel, base: null }, hooks.logTo ?? pino.destination(2))
  const nowMs = hooks.nowMs ?? Date.now
  /** Undone at the end, the last first, however far the start came. */
  const undo: (() => unknown)[] = []
  const close = async (): Promise<void> => {
    for (const step of undo.splice(0).toReversed()) await step()
  }
  try {
    return await start()
  } catch (cause) {
    await close()
    throw cause
  }

  async function start(): Promise<RunningRelay> {
    if (dataDir !== null) {
      const lock = lockFolder(dataDir)
      if (lock === null) throw new FolderInUseError(`A relay runs already at ${dataDir}.`)
      undo.push(() => lock.release())
    }
    const metrics = new RelayMetrics()
    const storage = hooks.storage ?? (await openDatabase(metrics))
    undo.push(() => storage.close())
    const blobs = hooks.blobs ?? (await openBlobStore(config))
    undo.push(() => blobs.close())
    const context = await makeContext(storage, blobs, metrics)
    const app = await buildServer(context, logger)
    const maintenance = new Maintenance(context, (cause) => {
      logger.error({ cause: String(cause) }, 'maintenance failed')
    })
    undo.push(() => maintenance.stop())
    const metricsServer = await startMetrics(context)
    await startAdmin(context)
    undo.push(() => app.close())
    await app.listen({ host: config.host, port: config.port })
    // Undone first: nobody is served any more when the rest goes.
    undo.push(() => drain(context, app))
    const scheme = config.tls === null ? 'http' : 'https'
    const url = originOf(scheme, app.server.address() as AddressInfo)
    logger.info({ url }, 'the relay is ready')
    return { url, metricsUrl: metricsServer?.url ?? null, close }
  }

  function openDatabase({ onCommit }: RelayMetrics): Promise<RelayStorage> {
    const log = (event: string): void => logger.warn(event)
    return openStorage(config, { onFatal, onCommit, log, recognisesCopies: true })
  }

  function onFatal(cause: unknown): void {
    logger.fatal({ cause: String(cause) }, 'the database failed')
    if (hooks.onFatal === undefined) process.exit(1)
    hooks.onFatal(cause)
  }

  async function makeContext(
    storage: RelayStorage,
    blobs: BlobStore,
    metrics: RelayMetrics,
  ): Promise<RelayContext> {
    const streams = new Streams()
    const depositStreams = new DepositStreams()
    const sessions = new Sessions(storage.secret)
    // By a clock that never jumps, lest everybody has to wait for it.
    const steadyMs = hooks.nowMs ?? ((): number => Math.floor(performance.now()))
    const rates = new RateLimits(config, steadyMs, (bucket) => metrics.rateLimited.inc({ bucket }))
    const wakeUps = new WakeUps(storage.wakeUpChannel)
    const blocks = new BlockList(storage, streams, wakeUps)
    await blocks.refresh()
    const { publicUrl } = config
    const shutdown = new Shutdown()
    return {
      config,
      storage,
      keyLog: new KeyLog(storage, nowMs),
      blobs,
      sessions,
      rates,
      streams,
      depositStreams,
      blocks,
      auth: new Authenticator({ storage, sessions, rates, blocks, publicUrl, nowMs }),
      wakeUps,
      metrics,
      nowMs,
      closing: shutdown.closing,
      shutdown,
    }
  }

  async function startMetrics({ metrics, streams, storage }: RelayContext) {
    if (config.metricsPort === null) return null
    // A cluster has disks and backups of its own.
    const folder = config.database === null ? dataDir : null
    metrics.observe({
      streams: () => streams.size,
      statistics: () => storage.statistics(nowMs()),
      diskFreeBytes: async () => (folder === null ? null : diskFreeBytes(folder)),
      lastBackupMs: async () => (folder === null ? null : lastBackupMs(folder)),
    })
    const host = config.metricsHost ?? config.host
    const onError = (cause: unknown): void =>
      logger.error({ cause: String(cause) }, 'the metrics could not be read')
    const server = await serveMetrics(metrics, host, config.metricsPort, onError)
    undo.push(() => server.close())
    return server
  }

  async function startAdmin(context: RelayContext): Promise<void> {
    const path = adminSocketPath(dataDir, config.adminSocket)
    if (path === null) return
    const server = await startAdminServer(context, path, logger)
    undo.push(() => server.close())
  }

  /**
   * First load balancers are told, then nothing new is accepted, and what runs may end: requests are answered, long
   * polls at once, streams are closed with a code that makes devices come back.
   */
  async function drain(context: RelayContext, app: RelayApp): Promise<void> {
    const { shutdown, streams, depositStreams } = context
    logger.info({ streams: streams.size }, 'the relay is ending')
    shutdown.announce()
    if (config.drainMs > 0) await delay(config.drainMs)
    shutdown.begin()
    streams.closeAll()
    depositStreams.closeAll()
    const cut = setTimeout(() => {
      logger.warn({ streams: streams.size }, 'the time to end in order is over')
      streams.terminateAll()
      depositStreams.terminateAll()
      app.server.closeAllConnections()
    }, config.shutdownMs)
    // Those that answered their last request after the server had closed the idle ones.
    const sweep = setInterval(() => app.server.closeIdleConnections(), SWEEP_EVERY_MS)
    await app.close()
    clearTimeout(cut)
    clearInterval(sweep)
    logger.info('the relay has ended')
  }
}

export interface InviteCodeOptions {
  readonly uses: number
  readonly expiresAtMs: number
}

/**
 * Makes an invite code for a relay that wants one; the relay may be running.
 * @param place - where the relay keeps everything.
 * @returns the code, which is stored nowhere.
 */
export async function createInviteCode(
  place: StoragePlace,
  { uses, expiresAtMs }: InviteCodeOptions,
): Promise<string> {
  const onFatal = (cause: unknown): never => {
    throw cause
  }
  const log = (): void => undefined
  const storage = await openStorage(place, { onFatal, log, recognisesCopies: false })
  try {
    const code = generateInviteCode()
    await storage.addInviteCode(inviteCodeHash(code), uses, expiresAtMs)
    return code
  } finally {
    await storage.close()
  }
}
