import { HASH_BYTES } from '#crypto/merkle-log.ts'
import type { NodeReader, TreeNode } from '../key-log/log-tree.ts'
import { decodeSiblings, type MapRow, type Reading } from '../key-log/prefix-map.ts'
import type { Value } from './transactions.ts'

type Query = <Row extends object>(text: string, values: readonly Value[]) => Promise<readonly Row[]>

/** Rows that were read, by their positions. They never change. */
interface KnownRows {
  get(position: number): MapRow | undefined
  set(position: number, row: MapRow): unknown
}

interface NodeRow {
  readonly level: number
  readonly idx: number
  readonly hash: Uint8Array
}

interface WayRow {
  readonly position: number
  readonly name: Uint8Array
  readonly value: Uint8Array
  readonly map_siblings: Uint8Array
}

const NODES = `SELECT level, idx, hash FROM log_nodes
  WHERE (level, idx) IN (SELECT * FROM unnest($1::bigint[], $2::bigint[]))`
const ROWS =
  'SELECT position, name, value, map_siblings FROM log_leaves WHERE position = ANY ($1::bigint[])'

const NOT_YET_READ = new Uint8Array(HASH_BYTES)

const nodeKey = (level: number, index: number): string => `${level} ${index}`

/** Runs the arithmetic of `#relay/key-log/*` over a database that answers later. */
export class LogReader {
  readonly #query: Query
  readonly #rows: KnownRows
  readonly #nodes = new Map<string, Uint8Array>()

  constructor(query: Query, rows: KnownRows) {
    this.#query = query
    this.#rows = rows
  }

  /** What is about to be stored need not be read. */
  remember(row: MapRow, nodes: readonly TreeNode[]): void {
    this.#rows.set(row.position, row)
    for (const { level, index, hash } of nodes) this.#nodes.set(nodeKey(level, index), hash)
  }

  /** Runs a computation twice: to learn which nodes it asks for, and when they are there. */
  async withNodes<T>(compute: (read: NodeReader) => T): Promise<T> {
    const levels: number[] = []
    const indexes: number[] = []
    compute((level, index) => {
      if (!this.#nodes.has(nodeKey(level, index))) {
        levels.push(level)
        indexes.push(index)
      }
      return NOT_YET_READ
    })
    if (levels.length > 0) {
      for (const { level, idx, hash } of await this.#query<NodeRow>(NODES, [levels, indexes])) {
        this.#nodes.set(nodeKey(level, idx), hash)
      }
    }
    return compute((level, index) => {
      const hash = this.#nodes.get(nodeKey(level, index))
      if (hash === undefined) throw new RangeError('the log has no such node')
      return hash
    })
  }

  /** Runs readings of the map side by side, so that a step of all of them is one question. */
  async runAll<T>(readings: readonly Reading<T>[]): Promise<T[]> {
    const steps = readings.map((reading) => reading.next())
    for (;;) {
      const wanted = steps.flatMap((step) => (step.done === true ? [] : [step.value]))
      if (wanted.length === 0) break
      const rows = await this.#mapRows(wanted)
      for (const [index, reading] of readings.entries()) {
        const step = steps[index]
        if (step === undefined || step.done === true) continue
        const row = rows.get(step.value)
        if (row === undefined) throw new RangeError('the log has no such entry')
        steps[index] = reading.next(row)
      }
    }
    return steps.flatMap((step) => (step.done === true ? [step.value] : []))
  }

  async run<T>(reading: Reading<T>): Promise<T> {
    const [value] = await this.runAll([reading])
    return value as T
  }

  async #mapRows(positions: readonly number[]): Promise<ReadonlyMap<number, MapRow>> {
    const found = new Map<number, MapRow>()
    const missing = new Set<number>()
    for (const position of positions) {
      const row = this.#rows.get(position)
      if (row === undefined) missing.add(position)
      else found.set(position, row)
    }
    if (missing.size === 0) return found
    for (const { position, name, value, map_siblings } of await this.#query<WayRow>(ROWS, [
      [...missing],
    ])) {
      const row = { position, key: name, value, siblings: decodeSiblings(map_siblings) }
      found.set(position, row)
      this.#rows.set(position, row)
    }
    return found
  }
}
