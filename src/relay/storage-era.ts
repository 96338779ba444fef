/**
 * An era is the time in which a relay has forgotten nothing. Whoever restores an older copy of its database begins a
 * new one: senders then deposit again what has no receipt yet, and devices register again what may be missing.
 */
export interface EraStorage {
  /** 16 random bytes, the same for as long as the database goes on from where it was. */
  readonly era: Uint8Array
  /** Notes outside the database how far it has come, so that an older copy in its place is recognised. */
  noteProgress(): Promise<void>
}
