import { STREAM_CLOSE } from '#protocol/relay-frames.ts'
import type { DeviceStream } from './device-stream.ts'
import type { MailboxId } from './storage.ts'
import { Turns } from './turns.ts'

/** Also how often a connected device's mailbox is looked into without a hint. */
const HEARTBEAT_MS = 25_000
/** In so many parts, by their numbers: thousands of devices are not to ask the database all at once. */
const BEATS = 100
/** Fewer than the engine's connections for reading: whoever connects or looks up keys finds one free. */
const READS_AT_ONCE = 6

/** The open streams of this process, one per device. */
export class Streams {
  /** For looking into mailboxes: after a fail-over all do at once. */
  readonly reads = new Turns(READS_AT_ONCE)
  readonly #byMailbox = new Map<MailboxId, DeviceStream>()
  readonly #timer: NodeJS.Timeout
  #beat = 0

  constructor() {
    this.#timer = setInterval(() => this.#heartbeat(), HEARTBEAT_MS / BEATS)
    this.#timer.unref()
  }

  get size(): number {
    return this.#byMailbox.size
  }

  mailboxes(): readonly MailboxId[] {
    return [...this.#byMailbox.keys()]
  }

  /** Takes over from an older stream of the same device. */
  add(stream: DeviceStream): void {
    this.#byMailbox.get(stream.mailbox)?.close(STREAM_CLOSE.replaced)
    this.#byMailbox.set(stream.mailbox, stream)
  }

  remove(stream: DeviceStream): void {
    if (this.#byMailbox.get(stream.mailbox) === stream) this.#byMailbox.delete(stream.mailbox)
  }

  closeMailbox(mailbox: MailboxId, code: number): void {
    this.#byMailbox.get(mailbox)?.close(code)
  }

  has(mailbox: MailboxId): boolean {
    return this.#byMailbox.has(mailbox)
  }

  /** Asks every device to come back in a moment, to whatever serves it then. */
  closeAll(): void {
    clearInterval(this.#timer)
    for (const stream of this.#byMailbox.values()) stream.close(STREAM_CLOSE.restarting)
  }

  /** Cuts those off that did not close. */
  terminateAll(): void {
    for (const stream of this.#byMailbox.values()) stream.terminate()
  }

  #heartbeat(): void {
    this.#beat = (this.#beat + 1) % BEATS
    for (const stream of this.#byMailbox.values()) {
      if (stream.mailbox % BEATS === this.#beat) stream.heartbeat()
    }
  }
}
