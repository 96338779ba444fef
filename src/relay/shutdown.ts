/** How far the end of a relay has come. */
export class Shutdown {
  readonly #closing = new AbortController()
  #announced = false

  /** It still serves, but is not ready for more. */
  announce(): void {
    this.#announced = true
  }

  /** Nothing new is begun from now on. */
  begin(): void {
    this.#announced = true
    this.#closing.abort()
  }

  get announced(): boolean {
    return this.#announced
  }

  /** Aborted by {@link begin}. */
  get closing(): AbortSignal {
    return this.#closing.signal
  }
}
