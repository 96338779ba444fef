import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { DOWNLOAD_UNIT_BYTES, Downloads } from '#relay/downloads.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterEach(() => void vi.useRealTimers())

const response = (): ServerResponse => new ServerResponse(new IncomingMessage(new Socket()))

/** Begins as many downloads as are let. */
function beginAll(downloads: Downloads, requester: string | null): readonly ServerResponse[] {
  const begun: ServerResponse[] = []
  for (let next = response(); downloads.begin(requester, next, 10); next = response()) {
    begun.push(next)
  }
  return begun
}

test('no requester gets all places, and an answer gives its place back', () => {
  const downloads = new Downloads()
  const [first] = beginAll(downloads, '192.0.2.1')
  expect(downloads.begin('192.0.2.2', response(), 10)).toBe(true)
  expect(downloads.begin('192.0.2.1', response(), 10)).toBe(false)
  first?.emit('close')
  expect(downloads.begin('192.0.2.1', response(), 10)).toBe(true)
  expect(downloads.begin('192.0.2.1', response(), 10)).toBe(false)
})

test('all together are bounded, where requesters cannot be told apart too', () => {
  const downloads = new Downloads()
  expect(beginAll(downloads, null)).toHaveLength(256)
  expect(downloads.begin('192.0.2.1', response(), 10)).toBe(false)
})

test('a download has a minute for every 4 MiB, however busy it looks', () => {
  const downloads = new Downloads()
  const short = response()
  const long = response()
  downloads.begin(null, short, 10)
  downloads.begin(null, long, DOWNLOAD_UNIT_BYTES + 1)
  vi.advanceTimersByTime(59_000)
  expect([short.destroyed, long.destroyed]).toEqual([false, false])
  vi.advanceTimersByTime(2_000)
  expect([short.destroyed, long.destroyed]).toEqual([true, false])
  vi.advanceTimersByTime(60_000)
  expect(long.destroyed).toBe(true)
})
