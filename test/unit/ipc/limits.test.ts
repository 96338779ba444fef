import * as v from 'valibot'
import { expect, test } from 'vitest'
import { CALLS } from '#ipc/contract.ts'
import { MAX_ENVELOPE_BYTES } from '#protocol/envelope.ts'

test('the longest envelope can be copied in hexadecimal', () => {
  const hex = 'ff'.repeat(MAX_ENVELOPE_BYTES)
  expect(v.is(CALLS['clipboard.writeText'].input, { text: hex })).toBe(true)
  expect(v.is(CALLS['clipboard.writeText'].input, { text: `${hex}f` })).toBe(false)
})
