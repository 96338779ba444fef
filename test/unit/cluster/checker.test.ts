import { describe, expect, test } from 'vitest'
import { checkHistory, type HistoryEvent } from '#test/cluster/checker.ts'

const SERVICE_WITHIN_MS = 30_000

const offered = (id: string, atMs: number, sender = 'a', receiver = 'r'): HistoryEvent => ({
  kind: 'offered',
  id,
  sender,
  receiver,
  atMs,
})
const acknowledged = (id: string, atMs: number): HistoryEvent => ({
  kind: 'acknowledged',
  id,
  atMs,
})
const delivered = (id: string, atMs: number, receiver = 'r'): HistoryEvent => ({
  kind: 'delivered',
  id,
  receiver,
  atMs,
})
const shown = (id: string, atMs: number): HistoryEvent => ({
  kind: 'shown',
  id,
  receiver: 'r',
  atMs,
})
const taken = (prekey: number, request: string, atMs = 0): HistoryEvent => ({
  kind: 'prekey-taken',
  owner: 'r',
  prekey,
  request,
  atMs,
})
const fault = (atMs: number): HistoryEvent => ({ kind: 'fault', what: 'a crash', atMs })
const ended: HistoryEvent = { kind: 'ended', atMs: 100_000 }

/** Sent, acknowledged and shown as it should be. */
const whole = (id: string, atMs: number): HistoryEvent[] => [
  offered(id, atMs),
  acknowledged(id, atMs + 1),
  delivered(id, atMs + 2),
  shown(id, atMs + 2),
]

const SOUND: readonly HistoryEvent[] = [
  ...whole('m1', 0),
  // Never acknowledged: it may arrive or not.
  offered('m2', 10),
  ...whole('m3', 20),
  // Delivered again, shown once.
  delivered('m3', 23),
  taken(1, 'x'),
  taken(1, 'x'),
  taken(2, 'y'),
  fault(1_000),
  ...whole('m4', 25_000),
  { kind: 'unreplicated', atMs: 26_000 },
  offered('m5', 26_001),
  { kind: 'restored', atMs: 30_000 },
  acknowledged('m5', 30_001),
  delivered('m5', 30_002),
  shown('m5', 30_002),
  ended,
]

const PLANTED: readonly (readonly [string, readonly HistoryEvent[], RegExp])[] = [
  ['lost', [offered('m', 0), acknowledged('m', 1), ended], /m was acknowledged and is lost/],
  [
    'shown to nobody',
    [offered('m', 0), acknowledged('m', 1), delivered('m', 2), ended],
    /m was never shown/,
  ],
  ['invented', [delivered('m', 0), shown('m', 0), ended], /m was delivered but never offered/],
  ['acknowledged from nowhere', [acknowledged('m', 0), ended], /never offered/],
  [
    'misdelivered',
    [offered('m', 0), delivered('m', 1, 'other'), shown('m', 1), ended],
    /reached other, not its receiver/,
  ],
  ['shown twice', [...whole('m', 0), shown('m', 5), ended], /m was shown twice/],
  [
    'reordered',
    [
      offered('m1', 0),
      acknowledged('m1', 1),
      offered('m2', 2),
      acknowledged('m2', 3),
      delivered('m2', 4),
      shown('m2', 4),
      delivered('m1', 5),
      shown('m1', 5),
      ended,
    ],
    /m2 was shown before m1/,
  ],
  ['a prekey given twice', [taken(7, 'x'), taken(7, 'y'), ended], /prekey 7 of r was given to two/],
  [
    'acknowledged while only one server could have it',
    [
      { kind: 'unreplicated', atMs: 0 },
      offered('m', 1),
      acknowledged('m', 2),
      { kind: 'restored', atMs: 3 },
      delivered('m', 4),
      shown('m', 4),
      ended,
    ],
    /m was acknowledged while only one server/,
  ],
  [
    'a gap of service',
    [fault(0), ...whole('m', SERVICE_WITHIN_MS), ended],
    /no service within 30000 ms after: a crash/,
  ],
  [
    'service that only answers what was asked before',
    [offered('m', 0), fault(1), acknowledged('m', 2), delivered('m', 3), shown('m', 3), ended],
    /no service/,
  ],
  ['a run that ends too soon', [fault(99_000), ended], /ended before service was due/],
]

describe('the checker of cluster runs', () => {
  test('finds nothing wrong with a sound history', () => {
    expect(checkHistory(SOUND, SERVICE_WITHIN_MS)).toEqual([])
  })

  test.each(PLANTED)('finds what is %s', (_what, history, sentence) => {
    expect(checkHistory(history, SERVICE_WITHIN_MS)).toContainEqual(expect.stringMatching(sentence))
  })

  test('other senders may overtake', () => {
    const history = [
      offered('m1', 0),
      offered('m2', 0, 'b'),
      acknowledged('m1', 1),
      acknowledged('m2', 2),
      delivered('m2', 3),
      shown('m2', 3),
      delivered('m1', 4),
      shown('m1', 4),
      ended,
    ]
    expect(checkHistory(history, SERVICE_WITHIN_MS)).toEqual([])
  })
})
