import { describe, expect, test } from 'vitest'
import { randomBytes } from '#crypto/primitives.ts'
import { openMessage, sealMessage } from '#crypto/ratchet.ts'
import { decodeSession, encodeSession } from '#crypto/session-codec.ts'
import type { SessionState } from '#crypto/session-state.ts'
import { concatBytes, encodeUtf8 } from '#shared/bytes.ts'
import { connect, createTestDevice, initiate } from '#test/helpers/crypto-device.ts'
import { valueOf } from '#test/helpers/value-of.ts'

const text = encodeUtf8('text')

/** A receiver with skipped keys in two chains. */
function withSkipped(): SessionState {
  let [alice, bob] = connect()
  for (let chain = 0; chain < 2; chain++) {
    alice = sealMessage(alice, text, randomBytes).state
    const sealed = sealMessage(alice, text, randomBytes)
    bob = valueOf(openMessage(bob, sealed.envelope, 1)).state
    const answer = sealMessage(bob, text, randomBytes)
    bob = answer.state
    alice = valueOf(openMessage(sealed.state, answer.envelope, 1)).state
  }
  return bob
}

const states: readonly [string, SessionState][] = [
  [
    'of an initiator who has not written',
    initiate(createTestDevice('a@b.c'), createTestDevice('d@e.f')),
  ],
  ['whose turn is due', connect()[0]],
  ['that has sent', connect()[1]],
  ['with skipped keys', withSkipped()],
]

describe.each(states)('a stored session %s', (_, state) => {
  const encoded = encodeSession(state)

  test('comes back the same', () => {
    const decoded = decodeSession(encoded)
    if (decoded === null) throw new Error('a stored session was not read')
    expect(encodeSession(decoded)).toEqual(encoded)
    expect(decoded.skipped.map(({ keys }) => [...keys])).toEqual(
      state.skipped.map(({ keys }) => [...keys]),
    )
  })

  test('is refused cut at any place, and with a byte more', () => {
    for (let length = 0; length < encoded.length; length++) {
      expect(decodeSession(encoded.subarray(0, length))).toBeNull()
    }
    expect(decodeSession(concatBytes(encoded, Uint8Array.of(0)))).toBeNull()
  })

  test('is refused in a version to come', () => {
    const changed = encoded.slice()
    changed[0] = 2
    expect(decodeSession(changed)).toBeNull()
  })

  test('survives any damaged byte without an exception', () => {
    for (let index = 0; index < encoded.length; index++) {
      const damaged = encoded.slice()
      damaged[index] = (damaged[index] ?? 0) ^ 0xff
      const decoded = decodeSession(damaged)
      expect(decoded === null || decoded.turns >= 0).toBe(true)
    }
  })
})
