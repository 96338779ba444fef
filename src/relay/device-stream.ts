import type { WebSocket } from 'ws'
import {
  decodeAckFrame,
  encodeDrainedFrame,
  encodeEnvelopeFrame,
  STREAM_CLOSE,
} from '#protocol/relay-frames.ts'
import { STREAM_WINDOW } from '#protocol/relay-limits.ts'
import type { RelayMetrics } from './metrics.ts'
import { StorageUnavailableError, type MailboxId, type RelayStorage } from './storage.ts'
import type { Turns } from './turns.ts'

/** Read from the database at a time. */
const CHUNK_BYTES = 256 * 1024
/** Unsent bytes of one connection, above which nothing more is read for it. */
const MAX_BUFFERED_BYTES = 1024 * 1024
/** After a read that failed, in so many steps, by their numbers: after a fail-over all look again. */
const LOOK_AGAIN_MS = 1_000
const LOOK_AGAIN_STEPS = 100
const LOOK_AGAIN_STEP_MS = 20

interface StreamParts {
  readonly storage: RelayStorage
  readonly metrics: RelayMetrics
  /** Of all streams, for reading from the storage. */
  readonly reads: Turns
  readonly onError: (cause: unknown) => void
}

/** One device's WebSocket: sends what waits, in order, at most a window ahead of its acknowledgements. */
export class DeviceStream {
  readonly mailbox: MailboxId
  readonly #socket: WebSocket
  readonly #storage: RelayStorage
  readonly #metrics: RelayMetrics
  readonly #reads: Turns
  readonly #onError: (cause: unknown) => void
  /** Sent and not yet acknowledged, ascending. */
  #unacknowledged: number[] = []
  #sentThrough: number
  #acknowledgedThrough = 0
  /** Of that, what is stored. */
  #storedThrough = 0
  #acknowledging = false
  #toldDrained = false
  #bufferFull = false
  #pumping = false
  #pumpAgain = false
  #lookAgainTimer: NodeJS.Timeout | undefined
  #alive = true

  constructor(
    socket: WebSocket,
    mailbox: MailboxId,
    after: number,
    { storage, metrics, reads, onError }: StreamParts,
  ) {
    this.mailbox = mailbox
    this.#socket = socket
    this.#sentThrough = after
    this.#storage = storage
    this.#metrics = metrics
    this.#reads = reads
    this.#onError = onError
    socket.on('message', (data: Buffer, isBinary: boolean) => this.#receive(data, isBinary))
    socket.on('pong', () => (this.#alive = true))
    socket.on('close', () => clearTimeout(this.#lookAgainTimer))
  }

  /** Sends what can be sent now. Called on every hint, acknowledgement and heartbeat. */
  pump(): void {
    if (this.#pumping) {
      this.#pumpAgain = true
      return
    }
    this.#pumping = true
    this.#fill()
      .catch((cause: unknown) => {
        // Looking again finds what waits; all devices coming back would find no more.
        if (cause instanceof StorageUnavailableError) {
          this.#lookAgain()
          return
        }
        this.#onError(cause)
        this.#socket.close(1011)
      })
      .finally(() => {
        this.#pumping = false
        if (this.#pumpAgain) {
          this.#pumpAgain = false
          this.pump()
        }
      })
  }

  /** Ends a connection that did not answer the last one; otherwise asks again. */
  heartbeat(): void {
    if (!this.#alive) {
      this.#socket.terminate()
      return
    }
    this.#alive = false
    this.#socket.ping()
    void this.#acknowledge()
    this.pump()
  }

  close(code: number): void {
    this.#socket.close(code)
  }

  terminate(): void {
    this.#socket.terminate()
  }

  async #fill(): Promise<void> {
    for (;;) {
      const room = STREAM_WINDOW - this.#unacknowledged.length
      if (room <= 0 || this.#socket.readyState !== this.#socket.OPEN) return
      if (this.#socket.bufferedAmount > MAX_BUFFERED_BYTES) {
        this.#bufferFull = true
        return
      }
      const envelopes = await this.#reads.run(() =>
        this.#storage.waiting(this.mailbox, this.#sentThrough, room, CHUNK_BYTES),
      )
      if (envelopes === null) {
        this.close(STREAM_CLOSE.accountDeleted)
        return
      }
      if (envelopes.length === 0) {
        this.#tellDrained()
        return
      }
      this.#metrics.deliveries.inc({ transport: 'stream' }, envelopes.length)
      for (const envelope of envelopes) {
        this.#unacknowledged.push(envelope.sequence)
        this.#sentThrough = envelope.sequence
        this.#send(encodeEnvelopeFrame(envelope))
      }
    }
  }

  #lookAgain(): void {
    clearTimeout(this.#lookAgainTimer)
    if (this.#socket.readyState !== this.#socket.OPEN) return
    const step = this.mailbox % LOOK_AGAIN_STEPS
    const waitMs = LOOK_AGAIN_MS + step * LOOK_AGAIN_STEP_MS
    this.#lookAgainTimer = setTimeout(() => this.pump(), waitMs).unref()
  }

  #send(frame: Uint8Array): void {
    this.#socket.send(frame, { binary: true }, () => {
      if (!this.#bufferFull || this.#socket.bufferedAmount > 0) return
      this.#bufferFull = false
      this.pump()
    })
  }

  /** Stores the highest acknowledgement; those that arrive meanwhile go together. */
  async #acknowledge(): Promise<void> {
    if (this.#acknowledging) return
    this.#acknowledging = true
    try {
      while (this.#storedThrough < this.#acknowledgedThrough) {
        const through = this.#acknowledgedThrough
        const count = await this.#storage.acknowledge(this.mailbox, { through })
        this.#storedThrough = through
        this.#metrics.acknowledged.inc(count)
      }
    } catch (cause) {
      // They simply wait on until the next acknowledgement or heartbeat, and the device drops what it has already.
      if (!(cause instanceof StorageUnavailableError)) this.#onError(cause)
    } finally {
      this.#acknowledging = false
    }
  }

  /** Once a connection: what waited when it began has all been sent. */
  #tellDrained(): void {
    if (this.#toldDrained) return
    this.#toldDrained = true
    this.#socket.send(encodeDrainedFrame(this.#sentThrough), { binary: true })
  }

  #receive(data: Buffer, isBinary: boolean): void {
    const through = isBinary ? decodeAckFrame(data) : null
    if (through === null || through > this.#sentThrough) {
      this.close(STREAM_CLOSE.malformed)
      return
    }
    const kept = this.#unacknowledged.findIndex((sequence) => sequence > through)
    this.#unacknowledged.splice(0, kept === -1 ? this.#unacknowledged.length : kept)
    this.#acknowledgedThrough = Math.max(this.#acknowledgedThrough, through)
    void this.#acknowledge()
    this.pump()
  }
}
