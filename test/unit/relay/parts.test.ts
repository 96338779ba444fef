import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { randomBytes } from '#crypto/primitives.ts'
import { relayConfig, type RelayOptions } from '#relay/config.ts'
import { RateLimits, requesterKey } from '#relay/rate-limits.ts'
import { ReplayGuard } from '#relay/replay-guard.ts'
import { SESSION_LIFETIME_MS, Sessions } from '#relay/sessions.ts'
import type { AccountId, MailboxId } from '#relay/storage.ts'
import { TokenBuckets } from '#relay/token-bucket.ts'
import { WakeUps } from '#relay/wake-ups.ts'
import { unwrap } from './harness.ts'

describe('token buckets', () => {
  test('a burst is free, then one comes at a time', () => {
    const buckets = new TokenBuckets({ burst: 3, everyMs: 1_000 })
    const waits = [0, 0, 0, 0, 400, 1_000, 1_000].map((nowMs) => buckets.take('a', nowMs))
    expect(waits).toEqual([0, 0, 0, 1_000, 600, 0, 1_000])
    expect(buckets.take('b', 0)).toBe(0)
  })

  test('whatever the times, no more is given than burst and rate allow', () => {
    const steps = fc.array(fc.nat({ max: 500 }), { maxLength: 200 })
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 300 }),
        steps,
        (burst, everyMs, gaps) => {
          const buckets = new TokenBuckets({ burst, everyMs })
          let nowMs = 1_000
          let given = 0
          for (const gap of gaps) {
            nowMs += gap
            if (buckets.take('a', nowMs) === 0) given += 1
          }
          expect(given).toBeLessThanOrEqual(burst + (nowMs - 1_000) / everyMs)
        },
      ),
    )
  })

  test('their memory is bounded, and full ones are forgotten', () => {
    const buckets = new TokenBuckets({ burst: 2, everyMs: 1_000 }, 10)
    for (let key = 0; key < 100; key++) buckets.take(String(key), 0)
    expect(buckets.size).toBe(10)
    buckets.sweep(1_000)
    expect(buckets.size).toBe(0)
  })

  test('they are looked through once a second at most, however many are asked for', () => {
    const buckets = new TokenBuckets({ burst: 2, everyMs: 1_000 }, 10)
    for (let key = 0; key < 10; key++) buckets.take(String(key), 0)
    buckets.take('a', 500)
    buckets.take('b', 1_200)
    // Most are full again, and are there still: only the oldest made room.
    expect(buckets.size).toBe(10)
    buckets.take('c', 1_600)
    expect(buckets.size).toBe(2)
  })
})

describe('rate limits', () => {
  test('an IPv6 network of 64 bits is one requester', () => {
    expect(requesterKey('2001:db8:1:2:3:4:5:6')).toBe(requesterKey('2001:db8:1:2::9'))
    expect(requesterKey('2001:db8::1')).not.toBe(requesterKey('2001:db8:0:1::1'))
    expect(requesterKey('::ffff:192.0.2.7')).toBe('192.0.2.7')
    expect(requesterKey('::1')).toBe('0:0:0:0')
    // Of a connection that is gone before its request is answered; found by fuzzing.
    expect(requesterKey(undefined)).toBe('0:0:0:0')
    expect(requesterKey('fe80::1%eth0')).toBe('fe80:0:0:0')
  })

  test.each([
    [{ host: '127.0.0.1' }, false],
    [{ host: '::1' }, false],
    [{ host: '0.0.0.0' }, true],
    [{ host: '127.0.0.1', trustProxy: true }, true],
  ])('%j limits by address: %j', (options, limited) => {
    const rates = { knocks: { burst: 1, everyMs: 1_000 } }
    const limits = new RateLimits(unwrap(relayConfig({ ...options, rates })), () => 0)
    expect(limits.wait('knocks', 'a')).toBe(0)
    expect(limits.wait('knocks', 'a') > 0).toBe(limited)
  })
})

describe('sessions', () => {
  const device = { account: 7 as AccountId, mailbox: 9 as MailboxId, deviceId: 3 }
  const sessions = new Sessions(randomBytes(32))

  test('a session is found by its id until its time is over', () => {
    const opened = sessions.open(device, 1_000)
    expect(sessions.find(opened.id, 1_000)).toEqual(opened)
    expect(sessions.find(opened.id, 999 + SESSION_LIFETIME_MS)).toEqual(opened)
    expect(sessions.find(opened.id, 1_000 + SESSION_LIFETIME_MS)).toBeNull()
  })

  test('no two sessions have the same key, and a changed id has another', () => {
    const first = sessions.open(device, 1_000)
    const second = sessions.open(device, 1_000)
    expect(second.key).not.toEqual(first.key)
    const changed = sessions.find(`${first.id.slice(0, -3)}AAA`, 1_000)
    expect(changed?.key).not.toEqual(first.key)
    expect(new Sessions(randomBytes(32)).find(first.id, 1_000)?.key).not.toEqual(first.key)
  })

  test('anything else is no session', () => {
    for (const id of ['', 'AAAA', 'not base64url!', 'A'.repeat(50)]) {
      expect(sessions.find(id, 0)).toBeNull()
    }
  })
})

test('a replay is known for the whole window, and forgotten after two', () => {
  const guard = new ReplayGuard(1_000)
  expect(guard.use('a', 5_000)).toBe(true)
  expect(guard.use('a', 5_999)).toBe(false)
  expect(guard.use('a', 6_500)).toBe(false)
  expect(guard.use('b', 6_900)).toBe(true)
  expect(guard.use('b', 7_899)).toBe(false)
  expect(guard.use('a', 9_900)).toBe(true)
})

test('a wake-up reaches those who listen, and nobody else', () => {
  const wakeUps = new WakeUps()
  const heard: string[] = []
  const mailbox = 1 as MailboxId
  const stop = wakeUps.listen(mailbox, () => heard.push('first'))
  wakeUps.listen(mailbox, () => heard.push('second'))
  wakeUps.listen(2 as MailboxId, () => heard.push('other'))
  wakeUps.notify(mailbox)
  stop()
  stop()
  wakeUps.notify(mailbox)
  expect(heard).toEqual(['first', 'second', 'second'])
})

describe('the configuration', () => {
  test('what is left out has its default', () => {
    const config = unwrap(
      relayConfig({ limits: { tokens: 5 }, rates: { knocks: { burst: 1, everyMs: 2 } } }),
    )
    expect(config).toMatchObject({
      host: '127.0.0.1',
      registration: 'work',
      limits: { tokens: 5, mailboxEnvelopes: 1_000 },
      rates: { knocks: { burst: 1, everyMs: 2 }, deposits: { burst: 60, everyMs: 1_000 } },
    })
  })

  test.each([
    [{ port: 70_000 }, 'port'],
    [{ powBits: 33 }, 'powBits'],
    [{ reservedNames: ['Admin'] }, 'reservedNames.0'],
    [{ publicUrl: 'https://relay.example.org/path' }, 'publicUrl'],
    [{ limits: { tokens: 0 } }, 'limits.tokens'],
    [JSON.parse('{"nonsense":true}') as RelayOptions, ''],
  ] satisfies [RelayOptions, string][])(
    '%j is refused and names what is wrong',
    (options, where) => {
      const config = relayConfig(options)
      expect(config).toMatchObject({ ok: false, error: { code: 'INVALID_INPUT' } })
      expect(String(config.ok ? '' : config.error.cause)).toContain(where)
    },
  )
})
