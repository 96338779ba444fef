import type { RelayContext } from './context.ts'

const EXPIRE_EVERY_MS = 60_000
/** The shortest retention is kept this closely. */
const EXPIRE_SHARE = 0.1
const NEXT_BATCH_MS = 50
/** Nothing is stored any more under a key that is older. */
const LONGEST_PART_MS = 10 * 60_000
const TOUCH_EVERY_MS = 60 * 60_000
const NOTE_PROGRESS_EVERY_MS = 2_000
/** How late a process hears of a block made through another one. */
const BLOCKS_EVERY_MS = 15_000

/** Removes what has expired, a small batch at a time, and notes which devices are connected. */
export class Maintenance {
  readonly #context: RelayContext
  readonly #onError: (cause: unknown) => void
  readonly #touchTimer: NodeJS.Timeout
  readonly #progressTimer: NodeJS.Timeout
  readonly #blocksTimer: NodeJS.Timeout
  #expireTimer: NodeJS.Timeout
  #trashTimer: NodeJS.Timeout
  #stopped = false

  constructor(context: RelayContext, onError: (cause: unknown) => void) {
    this.#context = context
    // What fails because the relay ends meanwhile is no failure.
    this.#onError = (cause) => {
      if (!this.#stopped) onError(cause)
    }
    this.#expireTimer = setTimeout(() => void this.#expire(), NEXT_BATCH_MS).unref()
    this.#trashTimer = setTimeout(() => void this.#tidyBlobs(), NEXT_BATCH_MS).unref()
    this.#touchTimer = setInterval(() => void this.#touch(), TOUCH_EVERY_MS).unref()
    this.#progressTimer = setInterval(
      () => void this.#noteProgress(),
      NOTE_PROGRESS_EVERY_MS,
    ).unref()
    this.#blocksTimer = setInterval(() => {
      context.blocks.refresh().catch(this.#onError)
    }, BLOCKS_EVERY_MS).unref()
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#expireTimer)
    clearTimeout(this.#trashTimer)
    clearInterval(this.#touchTimer)
    clearInterval(this.#progressTimer)
    clearInterval(this.#blocksTimer)
  }

  async #expire(): Promise<void> {
    const { storage, rates, config, nowMs } = this.#context
    let removed = 0
    try {
      const { retentionMs, groupIdleMs } = config.limits
      removed = await storage.expire(nowMs(), retentionMs)
      removed += await storage.expireGroups(nowMs(), retentionMs, groupIdleMs)
      removed += await storage.expireBlobs(nowMs())
    } catch (cause) {
      this.#onError(cause)
    }
    rates.sweep()
    if (this.#stopped) return
    this.#expireTimer = setTimeout(() => void this.#expire(), this.#pauseMs(removed)).unref()
  }

  /** On its own: an attachment store that stands still holds nothing else up. */
  async #tidyBlobs(): Promise<void> {
    let removed = 0
    try {
      removed = await this.#emptyTrash()
    } catch (cause) {
      this.#onError(cause)
    }
    if (this.#stopped) return
    this.#trashTimer = setTimeout(() => void this.#tidyBlobs(), this.#pauseMs(removed)).unref()
  }

  #pauseMs(removed: number): number {
    const { retentionMs } = this.#context.config.limits
    return removed > 0 ? NEXT_BATCH_MS : Math.min(EXPIRE_EVERY_MS, retentionMs * EXPIRE_SHARE)
  }

  /** Removes from the attachment store what the database has let go. @returns how many parts. */
  async #emptyTrash(): Promise<number> {
    const { storage, blobs, config, nowMs } = this.#context
    const ageMs = Math.max(LONGEST_PART_MS, 2 * config.limits.requestTimeoutMs)
    const keys = await storage.blobTrash(nowMs() - ageMs)
    const removals = await Promise.allSettled(keys.map((key) => blobs.remove(key)))
    const which = (status: 'fulfilled' | 'rejected'): readonly string[] =>
      keys.filter((_key, place) => removals[place]?.status === status)
    const removed = which('fulfilled')
    if (removed.length > 0) await storage.forgetBlobTrash(removed)
    // What the store does not let go is tried again later, and keeps none of the others.
    const stuck = which('rejected')
    if (stuck.length > 0) await storage.postponeBlobTrash(stuck, nowMs())
    const failed = removals.find(({ status }) => status === 'rejected')
    if (failed?.status === 'rejected') this.#onError(failed.reason)
    return removed.length
  }

  async #noteProgress(): Promise<void> {
    try {
      await this.#context.storage.noteProgress()
    } catch (cause) {
      this.#onError(cause)
    }
  }

  async #touch(): Promise<void> {
    const { storage, streams, nowMs } = this.#context
    try {
      for (const mailbox of streams.mailboxes()) await storage.touchDevice(mailbox, nowMs())
    } catch (cause) {
      this.#onError(cause)
    }
  }
}
