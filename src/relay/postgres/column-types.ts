import { types, type CustomTypesConfig } from 'pg'

const INT8_OID = 20

function safeInteger(text: string): number {
  const number = Number(text)
  if (!Number.isSafeInteger(number)) throw new RangeError('a number of the database is too large')
  return number
}

/** How columns become values: as `pg` does it, but whole numbers are numbers, not text. */
export const COLUMN_TYPES: CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    oid === INT8_OID
      ? safeInteger
      : types.getTypeParser(oid, format)) as CustomTypesConfig['getTypeParser'],
}
