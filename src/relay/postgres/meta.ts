import { encodeUtf8 } from '#shared/bytes.ts'
import type { Transaction, Transactions } from './transactions.ts'

export const SECRET_BYTES = 32

/** Single values of the database, as in the embedded engine's, which `relay move` takes along. */
type MetaName = 'secret' | 'era' | 'log key' | 'restored-ms'

const ADD = 'INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING'
const SET = `INSERT INTO meta (name, value) VALUES ($1, $2)
  ON CONFLICT (name) DO UPDATE SET value = excluded.value`
const FIND = 'SELECT value FROM meta WHERE name = $1'

interface MetaRow {
  readonly value: Uint8Array
}

/** Replaces a value. Times are kept as text. */
export function setMeta(
  transaction: Transaction,
  name: MetaName,
  value: Uint8Array | number,
): void {
  transaction.send(SET, [name, typeof value === 'number' ? encodeUtf8(String(value)) : value])
}

/** What all processes of a relay share: made by whichever starts first. */
export async function sharedBytes(
  transactions: Transactions,
  name: 'secret' | 'era' | 'log key',
  generate: () => Uint8Array,
): Promise<Uint8Array> {
  const [row] = await transactions.run(async (transaction) => {
    transaction.send(ADD, [name, generate()])
    return transaction.query<MetaRow>(FIND, [name])
  })
  if (row === undefined) throw new TypeError(`the ${name} was not stored`)
  return Uint8Array.from(row.value)
}

/** When the database was last brought back from a backup; `null`: never. */
export async function readRestoredAtMs(transactions: Transactions): Promise<number | null> {
  const [row] = await transactions.read<MetaRow>(FIND, ['restored-ms'])
  return row === undefined ? null : Number(Buffer.from(row.value).toString('utf8'))
}
