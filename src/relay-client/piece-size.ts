const FIRST_BYTES = 512 * 1024
/** Of a quick piece: the next one may be twice as long. */
const QUICK_MS = 2_000

/**
 * How many bytes to move in one request: as many as the line moves within a few seconds, so that little is lost when it
 * breaks, and a slow one does not run into the time that a relay gives a request.
 */
export class PieceSize {
  readonly #smallest: number
  readonly #largest: number
  #bytes = FIRST_BYTES

  constructor(smallest: number, largest: number) {
    this.#smallest = smallest
    this.#largest = largest
  }

  get bytes(): number {
    return this.#bytes
  }

  succeeded(tookMs: number): void {
    if (tookMs < QUICK_MS) this.#bytes = Math.min(this.#largest, this.#bytes * 2)
    else if (tookMs > 2 * QUICK_MS) this.failed()
  }

  failed(): void {
    this.#bytes = Math.max(this.#smallest, this.#bytes / 2)
  }
}
