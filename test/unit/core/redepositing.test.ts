import { describe, expect, test } from 'vitest'
import type { Contact, UnconfirmedEnvelope } from '#core/model.ts'
import type { Relay } from '#core/ports.ts'
import { depositAgain } from '#core/redepositing.ts'
import { RelayEras, waitForReceiverMs } from '#core/relay-eras.ts'
import { RepeatedReceipts } from '#core/repeated-receipts.ts'
import { inviteDeliveryToken } from '#crypto/invite-token.ts'
import { randomBytes } from '#crypto/primitives.ts'
import { encodeHex } from '#shared/bytes.ts'
import { failure, type ErrorCode } from '#shared/errors.ts'
import { err, ok } from '#shared/result.ts'
import { ManualClock } from '#test/helpers/manual-clock.ts'
import { address, contactOf, uniqueBytes } from '../store/builders.ts'
import { openContext, OWN_HOST } from './open-context.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
const HOST = 'relay.example'

type Deposit = Parameters<Relay['deposit']>[1]

/** A profile whose relays answer deposits with what the test says. */
function setUp(answer: (deposit: Deposit, host: string) => ErrorCode | null = () => null) {
  const deposits: Deposit[] = []
  const take = (host: string, deposit: Deposit) => {
    deposits.push(deposit)
    const code = answer(deposit, host)
    return Promise.resolve(
      code === null ? ok(undefined) : err(failure(code as 'RELAY_UNREACHABLE')),
    )
  }
  const { context, clock } = openContext({
    deposit: take,
    knock: (host, knock) => take(host, { ...knock, token: new Uint8Array(0) }),
  })
  const { store } = context
  const contactAt = (host: string, change: Partial<Contact> = {}): Contact => {
    const name = `x${String(store.contacts.list().length)}`
    return store.contacts.add(
      contactOf({ address: address(`${name}@${host}`), outboundToken: uniqueBytes(32), ...change }),
    )
  }
  const keep = (
    contact: Contact,
    change: Partial<UnconfirmedEnvelope> = {},
  ): UnconfirmedEnvelope => {
    const kept = {
      envelopeId: uniqueBytes(),
      hash: uniqueBytes(),
      contactId: contact.id,
      deviceId: 1,
      messageSeq: null,
      content: uniqueBytes(40),
      envelope: uniqueBytes(300),
      depositedAtMs: clock.nowMs(),
      repeats: 0,
      dueAtMs: clock.nowMs(),
      overdue: false,
      ...change,
    }
    store.unconfirmed.add(kept)
    return kept
  }
  return { clock, store, context, deposits, contactAt, keep }
}

describe('depositing again', () => {
  test('is done less and less often, under the same id, for four weeks', async () => {
    const { clock, store, context, deposits, contactAt, keep } = setUp()
    const startMs = clock.nowMs()
    const kept = keep(contactAt(HOST), { dueAtMs: startMs + HOUR_MS })
    const atHours: number[] = []
    while (store.unconfirmed.nextDueMs() !== null) {
      const before = deposits.length
      const outcome = await depositAgain(context)
      if (deposits.length > before) atHours.push((clock.nowMs() - startMs) / HOUR_MS)
      if (outcome.kind !== 'again') throw new Error('it looks again')
      await clock.advance(outcome.afterMs)
    }
    expect(deposits.length).toBe(5)
    expect(atHours[0]).toBe(1)
    for (const { envelopeId, envelope } of deposits) {
      expect([envelopeId, envelope]).toEqual([kept.envelopeId, kept.envelope])
    }
    const gaps = atHours.slice(1).map((hour, index) => hour - (atHours[index] ?? 0))
    gaps.forEach((gap, index) => {
      const expected = 4 ** (index + 1)
      expect(gap).toBeGreaterThanOrEqual(0.74 * expected)
      expect(gap).toBeLessThanOrEqual(1.26 * expected + 1)
    })
    expect(clock.nowMs() - startMs).toBeLessThan(29 * DAY_MS)
  })

  test('goes under a new id where the receipt may be what was lost, once', async () => {
    const { store, context, deposits, contactAt, keep } = setUp()
    const kept = keep(contactAt(HOST), { overdue: true })
    await depositAgain(context)
    expect(deposits).toHaveLength(1)
    expect(deposits[0]?.envelopeId).not.toEqual(kept.envelopeId)
    const renamed = store.unconfirmed.byHash(kept.contactId, kept.hash)
    expect(renamed).toMatchObject({
      envelopeId: deposits[0]?.envelopeId,
      overdue: false,
      repeats: 1,
    })
  })

  test('of a knock goes under a new id from the second time on', async () => {
    const { clock, context, deposits, contactAt, keep } = setUp()
    const kept = keep(contactAt(HOST, { outboundToken: null }))
    for (let repeat = 0; repeat < 3; repeat++) {
      await depositAgain(context)
      await clock.advance(2 * DAY_MS)
    }
    expect(deposits).toHaveLength(3)
    expect(deposits[0]?.envelopeId).toEqual(kept.envelopeId)
    const ids = new Set(deposits.map(({ envelopeId }) => encodeHex(envelopeId)))
    expect(ids.size).toBe(3)
    for (const { envelope } of deposits) expect(envelope).toEqual(kept.envelope)
  })

  test('leaves alone, for a while, a relay or a contact that takes nothing now', async () => {
    const { store, context, deposits, clock, contactAt, keep } = setUp((_deposit, host) =>
      host === 'down.example'
        ? 'RELAY_UNREACHABLE'
        : host === 'full.example'
          ? 'MAILBOX_FULL'
          : null,
    )
    const [down, downToo] = [contactAt('down.example'), contactAt('down.example')]
    const [full, other] = [contactAt('full.example'), contactAt('full.example')]
    const changed = contactAt(HOST, { changedSigningKey: uniqueBytes(65) })
    const fine = contactAt(HOST)
    for (const contact of [down, downToo, full, full, other, changed, fine]) keep(contact)
    await depositAgain(context)
    // One for the relay that is down, one for each full mailbox, one that goes through.
    expect(deposits).toHaveLength(4)
    expect(store.unconfirmed.due(clock.nowMs(), 10)).toEqual([])
    expect(store.unconfirmed.due(clock.nowMs() + 15 * MINUTE_MS, 10)).toHaveLength(5)
  })

  test('shows the relay of an invite what is derived from its token, never the token', async () => {
    const { context, deposits, contactAt, keep } = setUp()
    const outboundToken = randomBytes(32)
    keep(contactAt(HOST, { outboundToken, outboundTokenKind: 'invite' }))
    await depositAgain(context)
    expect(deposits.map(({ token }) => token)).toEqual([inviteDeliveryToken(outboundToken)])
  })

  test('waits while the relay is not trusted', async () => {
    const { store, context, deposits, clock, contactAt, keep } = setUp()
    keep(contactAt(HOST))
    const evidence = { known: null, seen: null }
    store.relayLogs.save({
      host: HOST,
      key: uniqueBytes(65),
      checkpoint: uniqueBytes(113),
      distrust: { reason: 'split-view', atMs: clock.nowMs(), evidence },
    })
    await depositAgain(context)
    expect(deposits).toEqual([])
    expect(store.unconfirmed.nextDueMs()).toBe(clock.nowMs() + HOUR_MS)
    store.relayLogs.forget(HOST)
    await clock.advance(HOUR_MS)
    await depositAgain(context)
    expect(deposits).toHaveLength(1)
  })

  test('goes on after a refusal, and ends where it can never succeed', async () => {
    const codes: ErrorCode[] = ['DELIVERY_REFUSED', 'TOO_LARGE']
    const { store, context, contactAt, keep } = setUp(() => codes.shift() ?? null)
    const contact = contactAt(HOST)
    const [refused, large] = [keep(contact), keep(contact)]
    await depositAgain(context)
    expect(store.unconfirmed.get(refused.envelopeId)).toMatchObject({ repeats: 1 })
    expect(store.unconfirmed.get(large.envelopeId)).toBeNull()
  })
})

describe('a new era', () => {
  const eraOf = (letter: string) => letter.repeat(22)

  test('makes what waits at that relay due, and no more often than every ten minutes', async () => {
    const { store, context, clock, contactAt, keep } = setUp()
    const far = { dueAtMs: clock.nowMs() + DAY_MS }
    const [here, elsewhere] = [keep(contactAt(HOST), far), keep(contactAt('other.example'), far)]
    const changes: string[] = []
    const eras = new RelayEras(context, (host) => changes.push(host))
    eras.note(HOST, eraOf('A'))
    expect(waitForReceiverMs(context, HOST)).toBeNull()
    eras.note(HOST, eraOf('B'))
    expect(changes).toEqual([HOST])
    expect(store.unconfirmed.due(clock.nowMs() + 5_000, 10)).toMatchObject([
      { envelopeId: here.envelopeId, overdue: false },
    ])
    expect(store.unconfirmed.get(elsewhere.envelopeId)).toEqual(elsewhere)

    for (const letter of 'CDEFG') eras.note(HOST, eraOf(letter))
    expect(changes).toEqual([HOST])
    await clock.advance(10 * MINUTE_MS)
    expect(waitForReceiverMs(context, HOST)).toBe(5 * MINUTE_MS)
    eras.note(HOST, eraOf('G'))
    eras.note(HOST, eraOf('G'))
    expect(changes).toEqual([HOST, HOST])
    // Known after a restart too.
    new RelayEras(context, (host) => changes.push(host)).note(HOST, eraOf('G'))
    expect(changes).toHaveLength(2)
    await clock.advance(14 * DAY_MS)
    expect(waitForReceiverMs(context, HOST)).toBeNull()
  })

  test('of our own relay means that receipts are lost, from everybody', () => {
    const { store, context, clock, contactAt, keep } = setUp()
    const kept = keep(contactAt(HOST), { dueAtMs: clock.nowMs() + DAY_MS })
    const eras = new RelayEras(context, () => undefined)
    eras.note(OWN_HOST, eraOf('A'))
    eras.note(OWN_HOST, eraOf('B'))
    expect(store.unconfirmed.get(kept.envelopeId)).toMatchObject({ overdue: true })
    expect(store.unconfirmed.nextDueMs()).toBeLessThanOrEqual(clock.nowMs() + 5_000)
  })

  test('of a relay that no contact is at leaves no trace', () => {
    const { store, context } = setUp()
    const changes: string[] = []
    const eras = new RelayEras(context, (host) => changes.push(host))
    eras.note('stranger.example', eraOf('A'))
    eras.note('stranger.example', eraOf('B'))
    expect(changes).toEqual([])
    expect(store.settings.get('relay.era stranger.example')).toBeUndefined()
  })
})

test('what is replayed is confirmed again, but not for each replay', async () => {
  const clock = new ManualClock()
  const receipts = new RepeatedReceipts(clock)
  const [one, other] = [uniqueBytes(), uniqueBytes()]
  expect([receipts.isDue(one), receipts.isDue(one), receipts.isDue(other)]).toEqual([
    true,
    false,
    true,
  ])
  await clock.advance(10 * MINUTE_MS)
  expect([receipts.isDue(one), receipts.isDue(one)]).toEqual([true, false])
})
