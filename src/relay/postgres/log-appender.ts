import {
  EMPTY_CHAIN,
  encodeLogLeaf,
  extendChain,
  listEntry,
  REMOVAL,
  type ChainEntry,
} from '#crypto/key-log.ts'
import { mapKey } from '#crypto/key-map.ts'
import { leafHash } from '#crypto/merkle-log.ts'
import { nodesOfAppend } from '../key-log/log-tree.ts'
import { encodeSiblings, mapSiblings, setInMap } from '../key-log/prefix-map.ts'
import { isList, type ChainRow } from '../rows/chains.ts'
import { LogReader } from './log-reader.ts'
import type { Transaction } from './transactions.ts'

type LastRow = Pick<ChainRow, 'count' | 'value' | 'list_version'>

interface DeviceList {
  readonly version: number
  readonly bytes: Uint8Array
}

// The row of the log's key is there as long as the log is, and nobody changes it: whoever appends has locked it, until
// the commit is on all the servers that it waits for. So entries are committed in the order of their positions.
const LOCK = "SELECT name FROM meta WHERE name = 'log key' FOR UPDATE"
export const SIZE = 'SELECT coalesce(max(position), -1) + 1 AS size FROM log_leaves'
const LAST = `SELECT count, value, list_version FROM log_chains
  WHERE name = $1 ORDER BY count DESC LIMIT 1`
const ADD_NODES = `INSERT INTO log_nodes (level, idx, hash)
  SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bytea[])`
const ADD_LEAF = `INSERT INTO log_leaves (position, name, value, map_root, map_siblings)
  VALUES ($1, $2, $3, $4, $5)`
const FORGET_LISTS =
  'UPDATE log_chains SET device_list = NULL WHERE name = $1 AND device_list IS NOT NULL'
const ADD_ENTRY = `INSERT INTO log_chains (name, count, position, hash, value, list_version, device_list)
  VALUES ($1, $2, $3, $4, $5, $6, $7)`

/** Appends to the log in one transaction, which nobody else does until it has ended. */
export class LogAppender {
  readonly #transaction: Transaction
  readonly #reader: LogReader
  #size: number

  private constructor(transaction: Transaction, reader: LogReader, size: number) {
    this.#transaction = transaction
    this.#reader = reader
    this.#size = size
  }

  /** Waits for whoever appends. Nothing else may be locked before, so that nobody waits in a circle. */
  static async begin(transaction: Transaction): Promise<LogAppender> {
    const [locked, [log]] = await Promise.all([
      transaction.query(LOCK),
      // A statement of its own, so that it sees what was committed while the first one waited.
      transaction.query<{ size: number }>(SIZE),
    ])
    if (locked.length === 0 || log === undefined) throw new TypeError('the log has no key')
    const reader = new LogReader((text, values) => transaction.query(text, values), new Map())
    return new LogAppender(transaction, reader, log.size)
  }

  /** Reads the ways of names that may get an entry, all at once. */
  async prepare(names: readonly string[]): Promise<void> {
    if (names.length < 2) return
    await this.#reader.runAll(names.map((name) => mapSiblings(mapKey(name), this.#size)))
  }

  /** Appends an account's device list. @returns false, changing nothing, where it has one that is not older. */
  async appendList(name: string, list: DeviceList): Promise<boolean> {
    const key = mapKey(name)
    const last = await this.#last(key)
    if (last !== undefined && isList(last) && last.list_version >= list.version) return false
    await this.#append(key, last, listEntry(list.bytes), list)
    return true
  }

  /** Whether the newest entry of a name is a device list. */
  async lists(name: string): Promise<boolean> {
    const last = await this.#last(mapKey(name))
    return last !== undefined && isList(last)
  }

  /** Appends that an account was removed, if the log knows it. Its device list is forgotten; the hashes stay. */
  async appendRemoval(name: string): Promise<void> {
    const key = mapKey(name)
    const last = await this.#last(key)
    if (last !== undefined && isList(last)) await this.#append(key, last, REMOVAL, null)
  }

  async #last(key: Uint8Array): Promise<LastRow | undefined> {
    return (await this.#transaction.query<LastRow>(LAST, [key]))[0]
  }

  async #append(
    key: Uint8Array,
    last: LastRow | undefined,
    entry: ChainEntry,
    list: DeviceList | null,
  ): Promise<void> {
    const position = this.#size
    const { count, value } = extendChain(last ?? EMPTY_CHAIN, entry)
    const { row, root } = await this.#reader.run(setInMap(key, value, position))
    const leaf = leafHash(encodeLogLeaf({ value, mapRoot: root }))
    const nodes = await this.#reader.withNodes((read) => nodesOfAppend(read, position, leaf))
    this.#reader.remember(row, nodes)
    this.#size += 1
    const transaction = this.#transaction
    transaction.send(ADD_NODES, [
      nodes.map(({ level }) => level),
      nodes.map(({ index }) => index),
      nodes.map(({ hash }) => hash),
    ])
    transaction.send(ADD_LEAF, [position, key, value, root, encodeSiblings(row.siblings)])
    transaction.send(FORGET_LISTS, [key])
    transaction.send(ADD_ENTRY, [
      key,
      count,
      position,
      entry.hash,
      value,
      list?.version ?? null,
      list?.bytes ?? null,
    ])
  }
}
