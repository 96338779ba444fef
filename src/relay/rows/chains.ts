import { EMPTY_CHAIN, REMOVAL, type ChainEntry, type ChainHead } from '#crypto/key-log.ts'
import type { KeyLogStorage, StoredChain } from '../storage-key-log.ts'

export interface ChainRow {
  readonly count: number
  readonly hash: Uint8Array
  readonly value: Uint8Array
  /** `null`: the entry says that the account was removed. */
  readonly list_version: number | null
}

interface ChainParts extends Pick<StoredChain, 'size' | 'inclusion'> {
  readonly leaf: { readonly value: Uint8Array; readonly map_root: Uint8Array }
  /** `null` where the map lacks the name, which no log does that has a chain of it. */
  readonly map: readonly Uint8Array[] | null
  /** The chain's entries from the `first` on, which is 0 for the whole chain. */
  readonly rows: readonly ChainRow[]
  readonly first: number
  readonly deviceList: Uint8Array | null
}

/** Whether the entry has a device list. */
export function isList<Row extends Pick<ChainRow, 'list_version'>>(
  row: Row,
): row is Row & { readonly list_version: number } {
  return row.list_version !== null
}

/** From which entry on a chain of `count` entries is read to prove it; `null` where it is not to be given. */
export function firstToProve(
  count: number,
  { after, maxEntries }: Pick<Parameters<KeyLogStorage['logChain']>[1], 'after' | 'maxEntries'>,
): number | null {
  const first = after ?? count - 1
  return first >= count || count - first > maxEntries ? null : first
}

/**
 * Puts together what was read of a name's chain.
 * @throws RangeError where the database lacks a part of it.
 */
export function storedChain(parts: ChainParts): StoredChain {
  const { size, leaf, inclusion, map, rows, first, deviceList } = parts
  const before: ChainHead | undefined = first === 0 ? EMPTY_CHAIN : rows[0]
  if (map === null) throw new RangeError('the map lacks a name of the log')
  if (before === undefined) throw new RangeError('a chain lacks an entry')
  return {
    size,
    leaf: { value: leaf.value, mapRoot: leaf.map_root },
    inclusion,
    map,
    before: { count: before.count, value: before.value },
    entries: (first === 0 ? rows : rows.slice(1)).map(entryOf),
    deviceList,
  }
}

function entryOf(row: ChainRow): ChainEntry {
  return isList(row) ? { kind: 'device-list', hash: row.hash } : REMOVAL
}
