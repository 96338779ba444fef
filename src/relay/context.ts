import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { Authenticator } from './authenticator.ts'
import type { BlockList } from './block-list.ts'
import type { RelayConfig } from './config.ts'
import type { DepositStreams } from './deposit-streams.ts'
import type { KeyLog } from './key-log/key-log.ts'
import type { RelayMetrics } from './metrics.ts'
import type { RateLimits } from './rate-limits.ts'
import type { Sessions } from './sessions.ts'
import type { Shutdown } from './shutdown.ts'
import type { RelayStorage } from './storage.ts'
import type { Streams } from './streams.ts'
import type { WakeUps } from './wake-ups.ts'

/** What the routes of one relay share. */
export interface RelayContext {
  readonly config: RelayConfig
  readonly storage: RelayStorage
  readonly keyLog: KeyLog
  readonly auth: Authenticator
  readonly sessions: Sessions
  readonly rates: RateLimits
  readonly blocks: BlockList
  readonly wakeUps: WakeUps
  readonly streams: Streams
  readonly depositStreams: DepositStreams
  readonly metrics: RelayMetrics
  readonly nowMs: () => number
  /** Set while the relay shuts down: nothing new is begun. */
  readonly closing: AbortSignal
  readonly shutdown: Shutdown
}

/** The HTTP server, with its routes typed by their schemas. */
export type RelayApp = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>
