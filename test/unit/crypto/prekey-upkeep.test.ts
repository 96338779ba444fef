import { describe, expect, test } from 'vitest'
import { planPrekeyUpkeep, type PrekeysHeld } from '#crypto/prekey-upkeep.ts'

const DAY_MS = 86_400_000
const NOW_MS = 1_000 * DAY_MS

const held = (changes: Partial<PrekeysHeld> = {}): PrekeysHeld => ({
  longerLived: [{ id: 1, createdAtMs: NOW_MS - DAY_MS, retiredAtMs: null }],
  oneTimeIds: [],
  oneTimeAtRelay: 100,
  ...changes,
})

describe('prekey upkeep', () => {
  test('asks for nothing while all is well', () => {
    expect(planPrekeyUpkeep(held(), NOW_MS)).toEqual({
      rotate: false,
      refill: 0,
      deleteLongerLived: [],
      deleteOneTime: [],
    })
  })

  test('begins with a first prekey and a full supply', () => {
    const plan = planPrekeyUpkeep(held({ longerLived: [], oneTimeAtRelay: 0 }), NOW_MS)
    expect(plan).toMatchObject({ rotate: true, refill: 100 })
  })

  test.each([
    [6.9, false],
    [7, true],
    [90, true],
    [-6.9, false],
    [-7, true],
  ])('rotates the current one a week after its creation: after %d days, %s', (days, rotate) => {
    const createdAtMs = NOW_MS - days * DAY_MS
    const longerLived = [{ id: 1, createdAtMs, retiredAtMs: null }]
    expect(planPrekeyUpkeep(held({ longerLived }), NOW_MS).rotate).toBe(rotate)
  })

  test('deletes one 30 days after it was replaced, not after it was made', () => {
    const retired = (id: number, days: number): PrekeysHeld['longerLived'][number] => ({
      id,
      createdAtMs: NOW_MS - 60 * DAY_MS,
      retiredAtMs: NOW_MS - days * DAY_MS,
    })
    const longerLived = [retired(1, 31), retired(2, 30), retired(3, 29.9), ...held().longerLived]
    expect(planPrekeyUpkeep(held({ longerLived }), NOW_MS).deleteLongerLived).toEqual([1, 2])
  })

  test.each([
    [20, 0],
    [19, 81],
    [1, 99],
    [0, 100],
  ])('refills the relay below 20: with %i left, by %i', (oneTimeAtRelay, refill) => {
    expect(planPrekeyUpkeep(held({ oneTimeAtRelay }), NOW_MS).refill).toBe(refill)
  })

  test('keeps at most 1,000 private one-time keys, the newest', () => {
    const oneTimeIds = Array.from({ length: 950 }, (_, index) => 950 - index)
    const plan = planPrekeyUpkeep(held({ oneTimeIds, oneTimeAtRelay: 10 }), NOW_MS)
    expect(plan.refill).toBe(90)
    expect(plan.deleteOneTime).toEqual(Array.from({ length: 40 }, (_, index) => index + 1))
  })
})
