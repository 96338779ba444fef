import { beforeEach, describe, expect, test, vi } from 'vitest'
import {
  createBridge,
  type Bridge,
} from '../../../../tools/electron-standin/page/context-bridge.ts'

let page: Record<string, never>
let isolated: Bridge

beforeEach(() => {
  const window = Object.assign(new EventTarget(), { CustomEvent })
  vi.stubGlobal('window', window)
  createBridge('main', 'isolated', 'secret:')
  isolated = createBridge('isolated', 'main', 'secret:')
  page = window as unknown as Record<string, never>
})

function expose<T>(api: T): T {
  isolated.exposeInMainWorld('api', api)
  return page['api'] as T
}

describe('the context bridge', () => {
  test('copies values, and freezes what it exposes', () => {
    const original = { list: [{ a: 1 }], at: new Date(1) }
    const api = expose(original)
    expect(api).toEqual(original)
    expect(api.list).not.toBe(original.list)
    expect(Object.isFrozen(api) && Object.isFrozen(api.list) && Object.isFrozen(api.list[0])).toBe(
      true,
    )
  })

  test('calls functions with copies, in both directions', () => {
    const given: unknown[] = []
    const api = expose({
      apply: (callback: (values: number[]) => number, values: number[]): number => {
        given.push(values)
        return callback([...values, 10]) + 1
      },
    })
    const values = [1, 2]
    expect(api.apply((list) => list.reduce((a, b) => a + b), values)).toBe(14)
    expect(given).toEqual([values])
    expect(given[0]).not.toBe(values)
  })

  test('what a function returns is a copy that may be changed', () => {
    const api = expose({ list: () => [3, 1, 2] })
    expect(api.list().sort((a, b) => a - b)).toEqual([1, 2, 3])
  })

  test('carries promises', async () => {
    const api = expose({ double: async (value: Promise<number>) => (await value) * 2 })
    await expect(api.double(Promise.resolve(4))).resolves.toBe(8)
  })

  test('carries thrown and rejected errors by their message alone', async () => {
    const api = expose({
      throws: (): never => {
        throw new RangeError('too far')
      },
      rejects: async (): Promise<never> => {
        throw new TypeError('not that')
      },
    })
    expect(() => api.throws()).toThrow('too far')
    const error = await api.rejects().catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(Error)
    expect(error).toMatchObject({ name: 'Error', message: 'not that' })
  })

  test('exposes a name once', () => {
    expose({})
    expect(() => expose({})).toThrow('Cannot bind an API on top of an existing property')
    expect(() => Object.assign(page, { api: 1 })).toThrow(TypeError)
  })
})
