import type { ServerResponse } from 'node:http'
import { MAX_DOWNLOADS } from './blobs/blob-store.ts'
import { Shares } from './shares.ts'

const MAX_DOWNLOADS_EACH = 32
/** A download counts once for every so many bytes. */
export const DOWNLOAD_UNIT_BYTES = 4 * 1024 * 1024
/** As long as the app waits for a piece, of which none is longer than a unit. */
const UNIT_WITHIN_MS = 60_000

/**
 * Bounds the downloads of attachments that run at once, of which each may hold a connection to their store, and how
 * long each takes: a reader that reads a little from time to time is not silent.
 */
export class Downloads {
  readonly #places = new Shares(MAX_DOWNLOADS, MAX_DOWNLOADS_EACH)

  /**
   * Takes a place until the answer has been sent, or its time is over and its connection is cut.
   * @param requester - `null` where requesters cannot be told apart.
   * @returns false where there is no place left.
   */
  begin(requester: string | null, response: ServerResponse, bytes: number): boolean {
    if (response.closed || !this.#places.take(requester, 1)) return false
    const withinMs = Math.ceil(bytes / DOWNLOAD_UNIT_BYTES) * UNIT_WITHIN_MS
    const cut = setTimeout(() => response.destroy(), withinMs).unref()
    response.once('close', () => {
      clearTimeout(cut)
      this.#places.giveBack(requester, 1)
    })
    return true
  }
}
