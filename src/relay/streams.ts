import { STREAM_CLOSE } from '#protocol/relay-frames.ts'
import type { DeviceStream } from './device-stream.ts'
import type { MailboxId } from './storage.ts'

/** Also how often a connected device's mailbox is looked into without a hint. */
const HEARTBEAT_MS = 25_000

/** The open streams of this process, one per device. */
export class Streams {
  readonly #byMailbox = new Map<MailboxId, DeviceStream>()
  readonly #timer: NodeJS.Timeout

  constructor() {
    this.#timer = setInterval(() => {
      for (const stream of this.#byMailbox.values()) stream.heartbeat()
    }, HEARTBEAT_MS)
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
}
