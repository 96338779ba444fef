import { ERRORS, type ErrorCode } from '#shared/errors.ts'
import type { Row } from './connection.ts'
import { StoreError } from './store-error.ts'

// Rows come from authenticated pages, so a value of the wrong kind means a bug or a damaged file, never an
// attack; it is still refused here, so that nothing beyond this folder has to doubt a model's types.

function damaged(column: string): StoreError {
  return new StoreError('STORE_DAMAGED', new TypeError(`column ${column}`))
}

/** A safe integer. */
export function integer(row: Row, column: string): number {
  const value = row[column]
  if (!Number.isSafeInteger(value)) throw damaged(column)
  return value as number
}

export function integerOrNull(row: Row, column: string): number | null {
  return row[column] === null ? null : integer(row, column)
}

/** A local number of some kind (`MessageSeq`, `ContactId`, …): positive. */
export function localId<Id extends number>(row: Row, column: string): Id {
  const value = integer(row, column)
  if (value < 1) throw damaged(column)
  return value as Id
}

export function localIdOrNull<Id extends number>(row: Row, column: string): Id | null {
  return row[column] === null ? null : localId<Id>(row, column)
}

/** A yes or no, kept as 1 or 0. */
export function flag(row: Row, column: string): boolean {
  const value = row[column]
  if (value !== 0 && value !== 1) throw damaged(column)
  return value === 1
}

export function text(row: Row, column: string): string {
  const value = row[column]
  if (typeof value !== 'string') throw damaged(column)
  return value
}

/** Bytes, as a plain `Uint8Array`: a `Buffer` slices differently. */
export function bytes(row: Row, column: string): Uint8Array {
  const value = row[column]
  if (!(value instanceof Uint8Array)) throw damaged(column)
  return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
}

export function bytesOrNull(row: Row, column: string): Uint8Array | null {
  return row[column] === null ? null : bytes(row, column)
}

/** One of a closed list of words. */
export function oneOf<Word extends string>(row: Row, column: string, words: readonly Word[]): Word {
  const word = words.find((each) => each === row[column])
  if (word === undefined) throw damaged(column)
  return word
}

/** One of a closed list of words, kept as its place in the list. */
export function coded<Word extends string>(row: Row, column: string, words: readonly Word[]): Word {
  const word = words[integer(row, column)]
  if (word === undefined) throw damaged(column)
  return word
}

/** An error code; one that has left the table since it was stored reads as `INTERNAL`. */
export function errorCodeOrNull(row: Row, column: string): ErrorCode | null {
  if (row[column] === null) return null
  const code = text(row, column)
  return Object.hasOwn(ERRORS, code) ? (code as ErrorCode) : 'INTERNAL'
}
