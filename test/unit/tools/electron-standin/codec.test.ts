import { runInThisContext } from 'node:vm'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createCodec } from '../../../../tools/electron-standin/page/codec.ts'

const codec = createCodec()
const copy = (value: unknown): unknown => codec.decode(codec.encode(value))

describe('the codec', () => {
  test.each([
    ['undefined', undefined],
    ['not a number', NaN],
    ['infinity', -Infinity],
    ['negative zero', -0],
    ['a bigint', 2n ** 80n],
    ['a date', new Date(12_345)],
    ['a regular expression', /a+/gi],
    ['a map', new Map<unknown, unknown>([[{ a: 1 }, new Set([1, 'x'])]])],
    ['bytes', new Uint8Array([0, 127, 255])],
    ['words', new Uint16Array([1, 65_535])],
    ['a buffer', new Uint8Array([1, 2, 3]).buffer],
    ['a key named __proto__', JSON.parse('{"__proto__": {"a": 1}}')],
  ])('copies %s', (_name, value) => {
    expect(copy(value)).toStrictEqual(value)
  })

  test('keeps cycles and shared objects', () => {
    const shared = { name: 'shared' }
    const value: { items: object[]; self?: unknown } = { items: [shared, shared] }
    value.self = value
    const copied = copy(value) as typeof value
    expect(copied.self).toBe(copied)
    expect(copied.items[0]).toBe(copied.items[1])
  })

  test('copies the part of a buffer that a view shows', () => {
    const view = new Uint8Array([1, 2, 3, 4]).subarray(1, 3)
    expect(copy(view)).toEqual(new Uint8Array([2, 3]))
    expect(copy(Buffer.from('ab'))).toEqual(new Uint8Array([97, 98]))
  })

  test('keeps the name, message and cause of errors', () => {
    const error = copy(new RangeError('too far', { cause: 'a wall' })) as Error
    expect(error).toBeInstanceOf(Error)
    expect([error.name, error.message, error.cause]).toEqual(['RangeError', 'too far', 'a wall'])
  })

  test.each([
    ['a function', () => 1],
    ['a symbol', Symbol('s')],
    ['a promise', Promise.resolve()],
    ['an object with a method', { run: () => 1 }],
  ])('refuses %s', (_name, value) => {
    expect(() => codec.encode(value)).toThrow('An object could not be cloned.')
  })

  test('copies any structure', () => {
    fc.assert(
      fc.property(
        fc.anything({
          withBigInt: true,
          withDate: true,
          withMap: true,
          withSet: true,
          withTypedArray: true,
        }),
        (value) => {
          expect(copy(value)).toEqual(structuredClone(value))
        },
      ),
    )
  })

  test('is the same when made from its own source, as in the page', () => {
    const inPage = runInThisContext(`(${String(createCodec)})()`) as ReturnType<typeof createCodec>
    const value = { list: [1, new Map([['a', new Uint8Array([7])]])] }
    expect(inPage.decode(codec.encode(value))).toEqual(value)
    expect(codec.decode(inPage.encode(value))).toEqual(value)
  })
})
