import type { ConnectionView } from '#shared/views.ts'
import { ERRORS, type ErrorCode } from '#shared/errors.ts'
import { hostOf } from '#protocol/address.ts'
import type { Context } from './context.ts'
import type { ConnectionState, IncomingEnvelope, Subscription } from './ports.ts'
import { receiveBatch, type Followup } from './receiving.ts'

/** Envelopes taken in at once: small enough that the process answers clicks in between. */
const ENVELOPES_AT_ONCE = 64

/** Keeps this device connected to its relay and says how that stands. */
export class Connection {
  readonly #context: Context
  readonly #followUp: (followup: Followup) => void
  readonly #online: () => void
  readonly #refused: () => void
  readonly #accountGone: () => void
  #subscription: Subscription | null = null
  #state: Omit<ConnectionView, 'waitingCount'>
  #toldWaitingCount = 0
  #caughtUp = false
  #onceCaughtUp: (() => void)[] = []

  constructor(
    context: Context,
    parts: {
      readonly followUp: (followup: Followup) => void
      /** Called each time the connection is there again. */
      readonly online: () => void
      /** Called when the relay does not know our account, or not by our key. */
      readonly refused: () => void
      /** The relay does not know the account (any more). */
      readonly accountGone: () => void
    },
  ) {
    this.#context = context
    this.#followUp = parts.followUp
    this.#online = parts.online
    this.#refused = parts.refused
    this.#accountGone = parts.accountGone
    this.#state = {
      state: 'connecting',
      sinceMs: context.clock.nowMs(),
      code: null,
      retryAtMs: null,
      secure: true,
      transport: null,
    }
  }

  view(): ConnectionView {
    return { ...this.#state, waitingCount: this.#context.store.outbox.count() }
  }

  open(): void {
    if (this.#subscription !== null) return
    const account = this.#context.account()
    this.#subscription = this.#context.relay.subscribe(
      hostOf(account.address),
      this.#context.signer(),
      account.relayCursor,
      {
        received: async (batch) => {
          try {
            await this.#receive(batch)
          } catch (cause) {
            // They stay at the relay and come again: nothing is lost by it, but it must not go unseen.
            this.#context.log.error('receive', cause)
            throw cause
          }
        },
        drained: () => this.#drained(),
        stateChanged: (state) => this.#stateChanged(state),
      },
    )
  }

  /** Resolves when this connection has brought all that waited at the relay. */
  async whenCaughtUp(): Promise<void> {
    if (!this.#caughtUp) await new Promise<void>((resolve) => this.#onceCaughtUp.push(resolve))
  }

  reconnectNow(): void {
    this.#subscription?.reconnectNow()
  }

  /** Tells how many messages wait for the relay, where that has changed. */
  reportWaiting(): void {
    const view = this.view()
    if (view.waitingCount === this.#toldWaitingCount) return
    this.#toldWaitingCount = view.waitingCount
    this.#context.events.emit('connection.changed', view)
  }

  /** Something other than the stream has found out why the relay cannot be used. */
  reportOffline(code: ErrorCode, retryAtMs: number | null): void {
    this.#set({ state: 'offline', code, retryAtMs, transport: null })
  }

  async close(): Promise<void> {
    await this.#subscription?.close()
    this.#subscription = null
  }

  async #receive(batch: readonly IncomingEnvelope[]): Promise<void> {
    for (let start = 0; start < batch.length; start += ENVELOPES_AT_ONCE) {
      this.#followUp(receiveBatch(this.#context, batch.slice(start, start + ENVELOPES_AT_ONCE)))
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  #drained(): void {
    this.#context.log.info('relay.drained')
    this.#caughtUp = true
    for (const resolve of this.#onceCaughtUp.splice(0)) resolve()
  }

  #stateChanged(state: ConnectionState): void {
    if (state.kind !== 'online') this.#caughtUp = false
    switch (state.kind) {
      case 'connecting':
        // Between two tries the reason of the last failure stays in sight.
        this.#set({ state: this.#state.code === null ? 'connecting' : 'offline', retryAtMs: null })
        return
      case 'online':
        this.#set({
          state: 'online',
          code: null,
          retryAtMs: null,
          secure: state.secure,
          transport: state.transport,
        })
        this.#online()
        return
      case 'offline':
        this.#set({
          state: 'offline',
          code: state.code,
          retryAtMs: state.retryAtMs,
          transport: null,
        })
        if (state.code === 'UNAUTHORIZED' || state.code === 'ACCOUNT_UNKNOWN') this.#refused()
        if (state.code === 'ACCOUNT_UNKNOWN') this.#accountGone()
        if (ERRORS[state.code].retry !== 'later') {
          this.#context.log.warn('relay.offline', { code: state.code })
        }
    }
  }

  #set(change: Partial<Omit<ConnectionView, 'waitingCount' | 'sinceMs'>>): void {
    const before = this.#state
    const since = change.state !== undefined && change.state !== before.state
    this.#state = {
      ...before,
      ...change,
      sinceMs: since ? this.#context.clock.nowMs() : before.sinceMs,
    }
    this.#context.events.emit('connection.changed', this.view())
  }
}
