import { mapKey } from '#crypto/key-map.ts'
import { EMPTY_TREE_ROOT } from '#crypto/merkle-log.ts'
import { consistencyPath, inclusionPath, treeRoot } from '../key-log/log-tree.ts'
import { mapSiblings, type MapRow } from '../key-log/prefix-map.ts'
import { RecentMap } from '../recent-map.ts'
import { firstToProve, storedChain, type ChainRow } from '../rows/chains.ts'
import type { KeyLogStorage, LogHead, StoredChain } from '../storage-key-log.ts'
import { Batches } from './batches.ts'
import { SIZE } from './log-appender.ts'
import { LogReader } from './log-reader.ts'
import type { Transaction, Transactions } from './transactions.ts'

/** About 1 KB each. Rows near the map's root are on the ways of many names. */
const ROWS_KEPT = 4_096

interface LeafRow {
  readonly value: Uint8Array
  readonly map_root: Uint8Array
}

interface NewestRow {
  readonly count: number
  readonly device_list: Uint8Array | null
}

const LEAF = 'SELECT value, map_root FROM log_leaves WHERE position = $1'
const NEWEST = `SELECT count, device_list FROM log_chains
  WHERE name = $1 AND position < $2 ORDER BY count DESC LIMIT 1`
const ENTRIES = `SELECT count, hash, value, list_version FROM log_chains
  WHERE name = $1 AND count >= $2 AND count <= $3 ORDER BY count`

/** The log of device lists, as it is read. Entries are added by a `LogAppender`. */
export class KeyLogTables {
  readonly #transactions: Transactions
  readonly #heads: Batches<null, LogHead>
  readonly #rows = new RecentMap<number, MapRow>(ROWS_KEPT)
  #known: LogHead = { size: 0, root: EMPTY_TREE_ROOT }

  constructor(transactions: Transactions) {
    this.#transactions = transactions
    this.#heads = new Batches({
      lanes: 1,
      maxJobs: Infinity,
      laneOf: () => 0,
      run: async (jobs) => {
        const head = await transactions.run((transaction) => this.#readHead(transaction))
        this.#known = head
        return jobs.map(() => head)
      },
    })
  }

  /**
   * The log as it is on as many servers as the operator wants. It is read in a transaction whose commit waits like that of
   * any change: entries that it has seen, which the primary may have alone (after a cancelled wait, or a crash), are
   * copied by then, and no former primary gets an answer from its standbys. What is signed is never taken back.
   */
  head(): Promise<LogHead> {
    return this.#heads.add(null)
  }

  consistency(oldSize: number, size: number): Promise<readonly Uint8Array[]> {
    return this.#reader().withNodes((read) => consistencyPath(read, oldSize, size))
  }

  async chain(
    name: string,
    at: Parameters<KeyLogStorage['logChain']>[1],
  ): Promise<StoredChain | null> {
    const { size, treeSize } = at
    const key = mapKey(name)
    const [[newest], [leaf]] = await Promise.all([
      this.#transactions.read<NewestRow>(NEWEST, [key, size]),
      this.#transactions.read<LeafRow>(LEAF, [size - 1]),
    ])
    if (newest === undefined || leaf === undefined) return null
    const first = firstToProve(newest.count, at)
    if (first === null) return null
    const reader = this.#reader()
    const [map, rows, inclusion] = await Promise.all([
      reader.run(mapSiblings(key, size)),
      this.#transactions.read<ChainRow>(ENTRIES, [key, first, newest.count]),
      reader.withNodes((read) => inclusionPath(read, size - 1, treeSize)),
    ])
    return storedChain({ size, leaf, inclusion, map, rows, first, deviceList: newest.device_list })
  }

  /** Resolves when everything asked so far has been answered. */
  close(): Promise<void> {
    return this.#heads.close()
  }

  #reader(): LogReader {
    return new LogReader((text, values) => this.#transactions.read(text, values), this.#rows)
  }

  async #readHead(transaction: Transaction): Promise<LogHead> {
    const [log] = await transaction.query<{ size: number }>(SIZE)
    if (log === undefined) throw new TypeError('an aggregate returned no row')
    if (log.size === this.#known.size) return this.#known
    const reader = new LogReader((text, values) => transaction.query(text, values), new Map())
    const root = await reader.withNodes((read) => treeRoot(read, log.size))
    return { size: log.size, root }
  }
}
