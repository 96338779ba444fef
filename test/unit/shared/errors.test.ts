import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ERRORS } from '#shared/errors.ts'
import { errorTable } from '../../../tools/error-table.ts'

describe('the error table', () => {
  test('is what docs/ERRORS.md says', () => {
    const document = readFileSync(join(import.meta.dirname, '../../../docs/ERRORS.md'), 'utf8')
    expect(document).toBe(errorTable())
  })

  test.each(Object.entries(ERRORS))('says in a sentence what %s means', (_, entry) => {
    expect(entry.message).toMatch(/^[A-Z][^]*\.$/)
  })
})
