/**
 * Something there is only so much of (connections, bytes of bodies), of which no requester gets more than a share.
 * `null` as requester counts to the whole alone: where requesters cannot be told apart.
 */
export class Shares {
  readonly #most: number
  readonly #mostEach: number
  readonly #taken = new Map<string, number>()
  #total = 0

  constructor(most: number, mostEach: number) {
    this.#most = most
    this.#mostEach = mostEach
  }

  get total(): number {
    return this.#total
  }

  /** @returns false where there is not that much left; nothing is taken then. */
  take(requester: string | null, amount: number): boolean {
    if (this.#total + amount > this.#most) return false
    if (requester !== null) {
      const taken = (this.#taken.get(requester) ?? 0) + amount
      if (taken > this.#mostEach) return false
      this.#taken.set(requester, taken)
    }
    this.#total += amount
    return true
  }

  giveBack(requester: string | null, amount: number): void {
    this.#total -= amount
    if (requester === null) return
    const taken = (this.#taken.get(requester) ?? 0) - amount
    if (taken > 0) this.#taken.set(requester, taken)
    else this.#taken.delete(requester)
  }
}
