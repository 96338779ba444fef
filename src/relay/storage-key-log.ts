import type { ChainProof } from '#crypto/key-log.ts'

// What the log of device lists (PROTOCOL §18) needs from a database. Entries are appended by `register` and
// `deleteAccount`, in the transaction that changes the account; `#relay/key-log/*` holds the trees' arithmetic for every
// engine. The log only grows: whatever was answered for a size stays true.

/** The log at one moment. */
export interface LogHead {
  readonly size: number
  readonly root: Uint8Array
}

/** A name's chain at one size of the log, with all that proves it under a log of `treeSize` entries. */
export interface StoredChain extends ChainProof {
  /** The newest device list of the name; `null` where it is not the one at this size, or the account was removed. */
  readonly deviceList: Uint8Array | null
}

export interface KeyLogStorage {
  /** 32-byte scalar of the key that signs checkpoints, made with the database. */
  readonly logKey: Uint8Array
  logHead(): Promise<LogHead>
  /** Path of a consistency proof; 0 < `oldSize` ≤ `size` ≤ the log's size. */
  logConsistency(oldSize: number, size: number): Promise<readonly Uint8Array[]>
  /**
   * @param at - `size`: which moment is looked at; `treeSize`: the log that the entry is proven to be in, not smaller;
   * `after`: the number of entries of the chain that the asker knows, `null` for all but the last.
   * @returns `null` where the name had no entry then, or fewer than `after` + 1; or more than `maxEntries` beyond those.
   */
  logChain(
    name: string,
    at: {
      readonly size: number
      readonly treeSize: number
      readonly after: number | null
      readonly maxEntries: number
    },
  ): Promise<StoredChain | null>
}
