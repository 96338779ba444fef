import type { Socket } from 'node:net'
import type { Clock, NetworkError, RelayHost } from '#core/ports.ts'
import type { DepositAnswerFrame } from '#protocol/deposit-frames.ts'
import { failure, type Failure } from '#shared/errors.ts'
import { err, ok, type Result } from '#shared/result.ts'
import { DepositConnection, type Deposit } from './deposit-connection.ts'
import { dial } from './dialer.ts'
import { MAX_RETRY_AFTER_MS, type Http } from './http.ts'

/** After a relay, or something before it, has not opened a WebSocket, none is tried for this long. */
const BLOCKED_MS = 10 * 60_000

type DepositError = 'DELIVERY_REFUSED' | 'MAILBOX_FULL' | 'RELAY_FULL' | 'TOO_LARGE' | NetworkError
type Deposited = Result<void, Failure<DepositError>>

/** The way to one relay. */
interface Lane {
  /** Deposits under way, by whichever transport. */
  running: number
  connection: Promise<DepositConnection | null> | null
  blockedUntilMs: number
}

/**
 * Takes deposits to relays: a lone one as a request, and several at once over a connection, which has many in flight
 * and costs the relay least. Whatever is wrong with a connection, a request follows: the envelope's id makes sure that
 * it is stored once.
 */
export class DepositLanes {
  readonly #http: Http
  readonly #clock: Clock
  readonly #lanes = new Map<RelayHost, Lane>()

  constructor(http: Http, clock: Clock) {
    this.#http = http
    this.#clock = clock
  }

  /** @param request - deposits by a request of its own. */
  async deposit(
    host: RelayHost,
    deposit: Deposit,
    request: () => Promise<Deposited>,
  ): Promise<Deposited> {
    const lane = this.#lane(host)
    lane.running += 1
    try {
      const connection = await this.#connection(host, lane)
      const answer = (await connection?.deposit(deposit)) ?? null
      return answer === null ? await request() : outcomeOf(answer)
    } finally {
      lane.running -= 1
      if (lane.running === 0 && lane.connection === null && lane.blockedUntilMs === 0) {
        this.#lanes.delete(host)
      }
    }
  }

  /** Ends all connections; deposits under way go on as requests. */
  closeAll(): void {
    for (const lane of this.#lanes.values()) {
      void lane.connection?.then((connection) => connection?.close())
      lane.connection = null
    }
  }

  #lane(host: RelayHost): Lane {
    const lane = this.#lanes.get(host) ?? { running: 0, connection: null, blockedUntilMs: 0 }
    this.#lanes.set(host, lane)
    return lane
  }

  async #connection(host: RelayHost, lane: Lane): Promise<DepositConnection | null> {
    if (lane.connection !== null) return lane.connection
    if (lane.running < 2 || lane.blockedUntilMs > this.#clock.nowMs()) return null
    const opening = this.#open(host, lane, () => {
      if (lane.connection === opening) lane.connection = null
    })
    lane.connection = opening
    const connection = await opening
    if (connection === null) lane.connection = null
    return connection
  }

  async #open(
    host: RelayHost,
    lane: Lane,
    onClosed: () => void,
  ): Promise<DepositConnection | null> {
    const origin = await this.#http.origin(host)
    if (!origin.ok) return null
    let socket: Socket
    try {
      socket = await dial(origin.value, this.#http.dialOptions)
    } catch {
      // The request that follows finds out why, and says so.
      return null
    }
    const connection = await DepositConnection.open(socket, origin.value, this.#clock, onClosed)
    if (connection === null) lane.blockedUntilMs = this.#clock.nowMs() + BLOCKED_MS
    return connection
  }
}

function outcomeOf({ outcome, retryAfterMs }: DepositAnswerFrame): Deposited {
  if (outcome === 'STORED' || outcome === 'SEEN') return ok(undefined)
  const waitMs = Math.min(retryAfterMs, MAX_RETRY_AFTER_MS)
  return err(failure(outcome, waitMs > 0 ? { retryAfterMs: waitMs } : {}))
}
