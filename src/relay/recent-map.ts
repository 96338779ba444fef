/** A map of bounded size, in two generations: what was not asked for during a whole one is forgotten. */
export class RecentMap<Key, Value> {
  readonly #generationSize: number
  #recent = new Map<Key, Value>()
  #older = new Map<Key, Value>()

  /** @param size - entries kept at most. */
  constructor(size: number) {
    this.#generationSize = Math.ceil(size / 2)
  }

  get(key: Key): Value | undefined {
    const recent = this.#recent.get(key)
    if (recent !== undefined) return recent
    const older = this.#older.get(key)
    if (older !== undefined) this.set(key, older)
    return older
  }

  set(key: Key, value: Value): void {
    if (this.#recent.size >= this.#generationSize) {
      this.#older = this.#recent
      this.#recent = new Map()
    }
    this.#recent.set(key, value)
  }
}
