import { describe, expect, test } from 'vitest'
import { sha256 } from '#crypto/primitives.ts'
import { hasLeadingZeroBits, setWorkNumber, workInput } from '#protocol/relay-work.ts'
import { backoffMs } from '#relay-client/backoff.ts'
import { mayBeInsecure, relayOrigin } from '#relay-client/relay-origin.ts'
import { MAX_CLIENT_WORK_BITS, solveWork } from '#relay-client/work.ts'

describe('where a relay is', () => {
  test.each([
    ['relay.example.org', true, 'relay.example.org', 443, 'https://relay.example.org'],
    ['relay.example.org:8443', true, 'relay.example.org', 8_443, 'https://relay.example.org:8443'],
    ['localhost', false, 'localhost', 80, 'http://localhost'],
    ['[::1]:8080', false, '::1', 8_080, 'http://[::1]:8080'],
  ])('%s, TLS: %j', (host, secure, hostname, port, url) => {
    expect(relayOrigin(host, secure)).toEqual({ hostname, port, secure, url })
  })

  test.each(['relay.example.org/path', 'user@relay.example.org', 'relay?x', ''])(
    '"%s" is a bug of the caller',
    (host) => {
      expect(() => relayOrigin(host, true)).toThrow(TypeError)
    },
  )

  test.each([
    'localhost',
    'relay.localhost',
    '127.0.0.1',
    '127.9.9.9',
    '::1',
    '10.1.2.3',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '169.254.1.1',
    '100.64.0.1',
    'fd00::1',
    'fe80::1',
  ])('%s may do without TLS', (hostname) => {
    expect(mayBeInsecure(hostname)).toBe(true)
  })

  test.each([
    'relay.example.org',
    'localhost.example.org',
    '127.0.0.1.example.org',
    'relay.local',
    '172.32.0.1',
    '192.169.0.1',
    '8.8.8.8',
    '2001:db8::1',
    '::ffff:8.8.8.8',
  ])('%s may not', (hostname) => {
    expect(mayBeInsecure(hostname)).toBe(false)
  })
})

describe('the backoff', () => {
  const lowest = () => Uint8Array.of(0, 0)
  const highest = () => Uint8Array.of(255, 255)

  test('its bound doubles up to half a minute', () => {
    const bounds = [1, 2, 3, 4, 5, 6, 7, 1_000].map((failures) =>
      Math.round(backoffMs(failures, highest) / 1_000),
    )
    expect(bounds).toEqual([1, 2, 4, 8, 16, 30, 30, 30])
  })

  test('it spreads over all of the time below, but is never nothing', () => {
    expect(backoffMs(6, lowest)).toBe(100)
    expect(backoffMs(6, () => Uint8Array.of(128, 0))).toBe(15_050)
  })
})

describe('the proof of work', () => {
  const salt = new Uint8Array(16).fill(1)
  const key = new Uint8Array(65).fill(4)

  test('is found, and is good for this name, key and relay alone', async () => {
    const bits = 12
    const number = await solveWork(salt, key, 'alice', bits)
    const good = (input: Uint8Array): boolean => {
      setWorkNumber(input, number)
      return hasLeadingZeroBits(sha256(input), bits)
    }
    expect(good(workInput(salt, key, 'alice'))).toBe(true)
    expect(good(workInput(salt, key, 'alicf'))).toBe(false)
    expect(good(workInput(salt, new Uint8Array(65).fill(5), 'alice'))).toBe(false)
    expect(good(workInput(new Uint8Array(16).fill(2), key, 'alice'))).toBe(false)
  })

  test('no more is done than is sensible', async () => {
    await expect(solveWork(salt, key, 'alice', MAX_CLIENT_WORK_BITS + 1)).rejects.toThrow(
      RangeError,
    )
  })

  test.each([
    [[0, 0, 0, 0], 32, true],
    [[0, 0, 0, 1], 32, false],
    [[0, 0, 0, 1], 31, true],
    [[0x7f, 0, 0, 0], 1, true],
    [[0x80, 0, 0, 0], 1, false],
    [[0x80, 0, 0, 0], 0, true],
    [[], 1, false],
  ])('%j has %i leading zero bits: %j', (hash, bits, expected) => {
    expect(hasLeadingZeroBits(Uint8Array.from(hash), bits)).toBe(expected)
  })
})
