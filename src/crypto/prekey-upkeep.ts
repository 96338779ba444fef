const DAY_MS = 86_400_000

/** Age at which the signed and the last-resort KEM prekey are replaced. */
export const PREKEY_ROTATION_MS = 7 * DAY_MS
/** How long a replaced one still opens messages that were on their way. */
export const PREKEY_RETENTION_MS = 30 * DAY_MS
/** One-time prekeys of each kind that a full relay holds, and the number below which it is refilled. */
export const ONE_TIME_PREKEYS_FULL = 100
export const ONE_TIME_PREKEYS_LOW = 20
/** One-time private keys of each kind kept at most: given out, but never used by anyone. */
export const ONE_TIME_PREKEYS_KEPT = 1000

/** A signed or last-resort KEM prekey in the store. */
export interface LongerLivedPrekey {
  readonly id: number
  readonly createdAtMs: number
  /** When another took its place; `null` for the current one. */
  readonly retiredAtMs: number | null
}

/** What the store holds of one kind (curve or KEM), and how many one-time ones the relay still has. */
export interface PrekeysHeld {
  readonly longerLived: readonly LongerLivedPrekey[]
  readonly oneTimeIds: readonly number[]
  readonly oneTimeAtRelay: number
}

/** What is to be done for one kind. */
export interface PrekeyUpkeep {
  /** Whether a new signed or last-resort prekey takes the current one's place. */
  readonly rotate: boolean
  /** How many one-time prekeys to add. */
  readonly refill: number
  /** Ids of longer-lived and of one-time private keys to delete. */
  readonly deleteLongerLived: readonly number[]
  readonly deleteOneTime: readonly number[]
}

/**
 * Says what must be rotated, refilled and deleted now (PROTOCOL §4.3). Pure: the caller generates, stores and publishes.
 * A clock that was set back does no harm: a prekey from the future counts as fresh for at most one rotation period.
 */
export function planPrekeyUpkeep(held: PrekeysHeld, nowMs: number): PrekeyUpkeep {
  const current = held.longerLived.find(({ retiredAtMs }) => retiredAtMs === null)
  const rotate =
    current === undefined || Math.abs(nowMs - current.createdAtMs) >= PREKEY_ROTATION_MS
  const deleteLongerLived = held.longerLived
    .filter(({ retiredAtMs }) => retiredAtMs !== null && nowMs - retiredAtMs >= PREKEY_RETENTION_MS)
    .map(({ id }) => id)
  const refill =
    held.oneTimeAtRelay < ONE_TIME_PREKEYS_LOW ? ONE_TIME_PREKEYS_FULL - held.oneTimeAtRelay : 0
  const surplus = Math.max(0, held.oneTimeIds.length + refill - ONE_TIME_PREKEYS_KEPT)
  const deleteOneTime = held.oneTimeIds.toSorted((a, b) => a - b).slice(0, surplus)
  return { rotate, refill, deleteLongerLived, deleteOneTime }
}
