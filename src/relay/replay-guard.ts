/** Remembers what was used for at least `windowMs`, in two generations, so that forgetting costs nothing. */
export class ReplayGuard {
  readonly #windowMs: number
  #recent = new Set<string>()
  #older = new Set<string>()
  #turnedAtMs = 0

  constructor(windowMs: number) {
    this.#windowMs = windowMs
  }

  /** @returns false where `key` was used within the window. */
  use(key: string, nowMs: number): boolean {
    if (nowMs - this.#turnedAtMs >= this.#windowMs) {
      const idle = nowMs - this.#turnedAtMs >= 2 * this.#windowMs
      this.#older = idle ? new Set() : this.#recent
      this.#recent = new Set()
      this.#turnedAtMs = nowMs
    }
    if (this.#recent.has(key) || this.#older.has(key)) return false
    this.#recent.add(key)
    return true
  }
}
