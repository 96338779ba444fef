import { describe, expect, test } from 'vitest'
import { BinaryReader, BinaryWriter } from '#protocol/binary.ts'

describe('the binary layout', () => {
  const written = new BinaryWriter()
    .uint8(1)
    .uint16(0x0203)
    .uint32(0x04050607)
    .uint64(2 ** 48 + 1)
    .bytes(Uint8Array.of(9))
    .prefixed(Uint8Array.of(8, 7))
    .text('é')
    .finish()

  test('is big-endian, with lengths of two bytes', () => {
    expect([...written]).toEqual([
      1, 2, 3, 4, 5, 6, 7, 0, 1, 0, 0, 0, 0, 0, 1, 9, 0, 2, 8, 7, 0, 2, 0xc3, 0xa9,
    ])
  })

  test('is read back as written', () => {
    const reader = new BinaryReader(written)
    expect(reader.uint8()).toBe(1)
    expect(reader.uint16()).toBe(0x0203)
    expect(reader.uint32()).toBe(0x04050607)
    expect(reader.uint64()).toBe(2 ** 48 + 1)
    expect(reader.bytes(1)).toEqual(Uint8Array.of(9))
    expect(reader.prefixed()).toEqual(Uint8Array.of(8, 7))
    expect(reader.text()).toBe('é')
    expect(reader.finish()).toBe(true)
  })

  test('hands out copies', () => {
    const source = Uint8Array.of(1, 2)
    const read = new BinaryReader(source).bytes(2)
    source.fill(0)
    expect(read).toEqual(Uint8Array.of(1, 2))
  })
})

describe('a writer refuses what does not fit', () => {
  test.each([-1, 256, 1.5, NaN, Infinity])('uint8 of %d', (value) => {
    expect(() => new BinaryWriter().uint8(value)).toThrow(RangeError)
  })
  test('more than 2^32, 2^53 and 65,535 bytes', () => {
    expect(() => new BinaryWriter().uint32(2 ** 32)).toThrow(RangeError)
    expect(() => new BinaryWriter().uint64(2 ** 53)).toThrow(RangeError)
    expect(() => new BinaryWriter().prefixed(new Uint8Array(65_536))).toThrow(RangeError)
  })
})

describe('a reader fails for good', () => {
  test('past the end: what follows is empty, and finish says no', () => {
    const reader = new BinaryReader(Uint8Array.of(0, 5, 1))
    expect(reader.prefixed()).toHaveLength(0)
    expect(reader.ok).toBe(false)
    expect(reader.uint8()).toBe(0)
    expect(reader.text()).toBe('')
    expect(reader.finish()).toBe(false)
  })

  test.each<[string, Uint8Array, (reader: BinaryReader) => unknown]>([
    ['bytes left over', Uint8Array.of(1, 2), (reader) => reader.uint8()],
    ['text that is not UTF-8', Uint8Array.of(0, 1, 0xff), (reader) => reader.text()],
    ['a number above 2^53', new Uint8Array(8).fill(0xff), (reader) => reader.uint64()],
    ['an unmet requirement', Uint8Array.of(1), (reader) => reader.require(reader.uint8() === 2)],
  ])('at %s', (_, source, read) => {
    const reader = new BinaryReader(source)
    read(reader)
    expect(reader.finish()).toBe(false)
  })
})
