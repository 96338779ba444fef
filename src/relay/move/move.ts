import { equalPublicBytes } from '#shared/bytes.ts'
import type { DatabaseAddress } from '../postgres/database-url.ts'
import { RowDigest, type Row } from './row-digest.ts'
import { MoveSource } from './source.ts'
import { MOVED_TABLES, type MovedTable } from './tables.ts'
import { MoveTarget } from './target.ts'

const BATCH_ROWS = 500
const BATCH_BYTES = 4 * 1024 * 1024

export interface MovedCount {
  readonly table: string
  readonly rows: number
  /** Of all values in the order of the key, equal in both databases. */
  readonly digest: string
}

export interface MoveResult {
  readonly where: string
  readonly tables: readonly MovedCount[]
}

function bytesOf(row: Row): number {
  return Object.values(row).reduce<number>(
    (sum, value) => sum + (value instanceof Uint8Array ? value.length : 8),
    0,
  )
}

function* batches(rows: Iterable<Row>): Generator<readonly Row[]> {
  let batch: Row[] = []
  let bytes = 0
  for (const row of rows) {
    batch.push(row)
    bytes += bytesOf(row)
    if (batch.length < BATCH_ROWS && bytes < BATCH_BYTES) continue
    yield batch
    batch = []
    bytes = 0
  }
  if (batch.length > 0) yield batch
}

function sourceDigest(source: MoveSource, table: MovedTable): RowDigest {
  const digest = new RowDigest(table)
  for (const row of source.rows(table)) digest.add(row)
  return digest
}

function sourceSecret(source: MoveSource): Uint8Array | null {
  const meta = MOVED_TABLES.find(({ name }) => name === 'meta')
  const row = meta && [...source.rows(meta)].find(({ name }) => name === 'secret')
  return row?.['value'] instanceof Uint8Array ? row['value'] : null
}

async function verify(
  target: MoveTarget,
  table: MovedTable,
  expected: RowDigest,
): Promise<MovedCount> {
  const { rows, digest } = await target.digest(table)
  if (rows !== expected.rows || digest !== expected.digest) {
    throw new Error(
      `The table ${table.name} is not the same at both: ${expected.rows} and ${rows} rows.`,
    )
  }
  return { table: table.name, rows, digest }
}

async function copy(source: MoveSource, target: MoveTarget): Promise<readonly MovedCount[]> {
  const tables: MovedCount[] = []
  for (const table of MOVED_TABLES) {
    const digest = new RowDigest(table)
    for (const batch of batches(source.rows(table))) {
      for (const row of batch) digest.add(row)
      await target.insert(table, batch)
    }
    tables.push(await verify(target, table, digest))
  }
  for (const { table, column, last } of source.identities()) {
    await target.setIdentity(table, column, last)
  }
  return tables
}

/** A move that was interrupted after its commit: the target must still be what the file is. */
async function resume(source: MoveSource, target: MoveTarget): Promise<readonly MovedCount[]> {
  const [mine, theirs] = [sourceSecret(source), await target.secret()]
  if (mine === null || theirs === null || !equalPublicBytes(mine, theirs)) {
    throw new Error(
      `The database ${target.where} is not empty: move to one that only has its tables.`,
    )
  }
  const tables: MovedCount[] = []
  for (const table of MOVED_TABLES) {
    tables.push(await verify(target, table, sourceDigest(source, table)))
  }
  return tables
}

/**
 * Moves a relay that does not run from its file to an empty PostgreSQL database, in one transaction: it happens whole or
 * not at all, and can be repeated. Every table is read back and compared by count and digest before. Afterwards no relay
 * starts on the file any more.
 * @param path - the relay's SQLite file.
 * @throws Error with one plain sentence where it cannot be done.
 */
export async function moveRelay(path: string, address: DatabaseAddress): Promise<MoveResult> {
  const source = new MoveSource(path)
  try {
    const target = await MoveTarget.open(address)
    try {
      const tables = (await target.isEmpty())
        ? await copy(source, target)
        : await resume(source, target)
      await target.commit()
      source.markMoved(target.where)
      return { where: target.where, tables }
    } finally {
      await target.close()
    }
  } finally {
    source.close()
  }
}
