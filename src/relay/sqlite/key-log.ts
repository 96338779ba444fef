import type { Database } from 'better-sqlite3'
import {
  EMPTY_CHAIN,
  encodeLogLeaf,
  extendChain,
  listEntry,
  REMOVAL,
  type ChainEntry,
} from '#crypto/key-log.ts'
import { mapKey } from '#crypto/key-map.ts'
import { HASH_BYTES, leafHash } from '#crypto/merkle-log.ts'
import {
  consistencyPath,
  inclusionPath,
  nodesOfAppend,
  treeRoot,
  type NodeReader,
} from '../key-log/log-tree.ts'
import {
  decodeSiblings,
  encodeSiblings,
  mapSiblings,
  readAtOnce,
  setInMap,
  type MapRow,
} from '../key-log/prefix-map.ts'
import { firstToProve, isList, storedChain, type ChainRow } from '../rows/chains.ts'
import type { KeyLogStorage, LogHead, StoredChain } from '../storage-key-log.ts'

interface EntryRow extends ChainRow {
  readonly device_list: Uint8Array | null
}

interface LeafRow {
  readonly name: Uint8Array
  readonly value: Uint8Array
  readonly map_root: Uint8Array
  readonly map_siblings: Uint8Array
}

/** The log of device lists. Synchronous: changes run inside a group commit. */
export class KeyLogTables {
  readonly #size
  readonly #node
  readonly #insertNode
  readonly #leaf
  readonly #insertLeaf
  readonly #lastEntry
  readonly #entryAt
  readonly #entries
  readonly #insertEntry
  readonly #forgetLists
  readonly #read: NodeReader
  readonly #mapRow: (position: number) => MapRow

  constructor(database: Database) {
    this.#size = database.prepare<[], { size: number }>(
      'SELECT ifnull(max(position), -1) + 1 AS size FROM log_leaves',
    )
    this.#node = database.prepare<[number, number], { hash: Uint8Array }>(
      'SELECT hash FROM log_nodes WHERE level = ? AND idx = ?',
    )
    this.#insertNode = database.prepare<[number, number, Uint8Array]>(
      'INSERT INTO log_nodes (level, idx, hash) VALUES (?, ?, ?)',
    )
    this.#leaf = database.prepare<[number], LeafRow>('SELECT * FROM log_leaves WHERE position = ?')
    this.#insertLeaf = database.prepare<[number, Uint8Array, Uint8Array, Uint8Array, Uint8Array]>(
      'INSERT INTO log_leaves (position, name, value, map_root, map_siblings) VALUES (?, ?, ?, ?, ?)',
    )
    this.#lastEntry = database.prepare<[Uint8Array], EntryRow>(
      'SELECT * FROM log_chains WHERE name = ? ORDER BY count DESC LIMIT 1',
    )
    this.#entryAt = database.prepare<[Uint8Array, number], EntryRow>(
      'SELECT * FROM log_chains WHERE name = ? AND position < ? ORDER BY count DESC LIMIT 1',
    )
    this.#entries = database.prepare<[Uint8Array, number, number], EntryRow>(
      'SELECT * FROM log_chains WHERE name = ? AND count >= ? AND count <= ? ORDER BY count',
    )
    this.#insertEntry = database.prepare<
      [Uint8Array, number, number, Uint8Array, Uint8Array, number | null, Uint8Array | null]
    >(
      `INSERT INTO log_chains (name, count, position, hash, value, list_version, device_list)
        VALUES (?, ?, ?, ?, ?, ?, ?)`,
    )
    this.#forgetLists = database.prepare<[Uint8Array]>(
      'UPDATE log_chains SET device_list = NULL WHERE name = ? AND device_list IS NOT NULL',
    )
    this.#read = (level, index) => {
      const node = this.#node.get(level, index)
      if (node === undefined) throw new RangeError('the log has no such node')
      return node.hash
    }
    this.#mapRow = (position) => {
      const leaf = this.#leaf.get(position)
      if (leaf === undefined) throw new RangeError('the log has no such entry')
      const { name, value, map_siblings } = leaf
      return { position, key: name, value, siblings: decodeSiblings(map_siblings) }
    }
  }

  /** Appends an account's device list. @returns false, changing nothing, where it has one that is not older. */
  appendList(
    name: string,
    list: { readonly version: number; readonly bytes: Uint8Array },
  ): boolean {
    const key = mapKey(name)
    const last = this.#lastEntry.get(key)
    if (last !== undefined && isList(last) && last.list_version >= list.version) return false
    this.#append(key, last, listEntry(list.bytes), list)
    return true
  }

  /** Whether the newest entry of a name is a device list. */
  lists(name: string): boolean {
    const last = this.#lastEntry.get(mapKey(name))
    return last !== undefined && isList(last)
  }

  /** Appends that an account was removed, if the log knows it. Its device list is forgotten; the hashes stay. */
  appendRemoval(name: string): void {
    const key = mapKey(name)
    const last = this.#lastEntry.get(key)
    if (last !== undefined && isList(last)) this.#append(key, last, REMOVAL, null)
  }

  #append(
    key: Uint8Array,
    last: EntryRow | undefined,
    entry: ChainEntry,
    list: { readonly version: number; readonly bytes: Uint8Array } | null,
  ): void {
    const position = this.#logSize()
    const { count, value } = extendChain(last ?? EMPTY_CHAIN, entry)
    const { row, root } = readAtOnce(setInMap(key, value, position), this.#mapRow)
    const leaf = leafHash(encodeLogLeaf({ value, mapRoot: root }))
    for (const { level, index, hash } of nodesOfAppend(this.#read, position, leaf)) {
      this.#insertNode.run(level, index, hash)
    }
    this.#insertLeaf.run(position, key, value, root, encodeSiblings(row.siblings))
    this.#forgetLists.run(key)
    this.#insertEntry.run(
      key,
      count,
      position,
      entry.hash,
      value,
      list?.version ?? null,
      list?.bytes ?? null,
    )
  }

  head(): LogHead {
    const size = this.#logSize()
    return { size, root: treeRoot(this.#read, size) }
  }

  consistency(oldSize: number, size: number): Uint8Array[] {
    return consistencyPath(this.#read, oldSize, size)
  }

  chain(name: string, at: Parameters<KeyLogStorage['logChain']>[1]): StoredChain | null {
    const key = mapKey(name)
    const newest = this.#entryAt.get(key, at.size)
    const leaf = this.#leaf.get(at.size - 1)
    if (newest === undefined || leaf === undefined) return null
    const first = firstToProve(newest.count, at)
    if (first === null) return null
    return storedChain({
      size: at.size,
      leaf,
      inclusion: inclusionPath(this.#read, at.size - 1, at.treeSize),
      map: readAtOnce(mapSiblings(key, at.size), this.#mapRow),
      rows: this.#entries.all(key, first, newest.count),
      first,
      deviceList: newest.device_list,
    })
  }

  #logSize(): number {
    return this.#size.get()?.size ?? 0
  }
}

/** The tables above (migration of schema.ts). */
export const KEY_LOG_SCHEMA = `
-- Hashes of complete subtrees of the Merkle tree.
CREATE TABLE log_nodes (
  level INTEGER NOT NULL,
  idx INTEGER NOT NULL,
  hash BLOB NOT NULL,
  PRIMARY KEY (level, idx)
) STRICT, WITHOUT ROWID;

-- The entries, each with the row of the map of names (prefix-map.ts).
CREATE TABLE log_leaves (
  position INTEGER PRIMARY KEY,
  name BLOB NOT NULL,
  value BLOB NOT NULL CHECK (length(value) = ${HASH_BYTES}),
  map_root BLOB NOT NULL CHECK (length(map_root) = ${HASH_BYTES}),
  map_siblings BLOB NOT NULL
) STRICT;

-- Names are kept as hashes. Only the newest device list of a name is kept whole.
CREATE TABLE log_chains (
  name BLOB NOT NULL,
  count INTEGER NOT NULL,
  position INTEGER NOT NULL,
  hash BLOB NOT NULL,
  value BLOB NOT NULL,
  list_version INTEGER,
  device_list BLOB,
  PRIMARY KEY (name, count)
) STRICT, WITHOUT ROWID;

`
