import { describe, expect, test } from 'vitest'
import { randomBytes, SigningKeyPair } from '#crypto/primitives.ts'
import {
  encodeSafetyQr,
  safetyNumber,
  verifySafetyQr,
  type SafetyParty,
} from '#crypto/safety-number.ts'
import { flipBit } from '#test/helpers/crypto-device.ts'

const party = (address: string): SafetyParty => ({
  address,
  signingKey: SigningKeyPair.generate(randomBytes).publicKey,
})
const [alice, bob, mallory] = [
  party('alice@a.example'),
  party('bob@b.example'),
  party('bob@b.example'),
]

describe('a safety number', () => {
  test('has 60 digits and is the same on both sides', () => {
    expect(safetyNumber(alice, bob)).toMatch(/^\d{60}$/)
    expect(safetyNumber(bob, alice)).toBe(safetyNumber(alice, bob))
  })

  test('changes with either key, and with either name', () => {
    const number = safetyNumber(alice, bob)
    expect(safetyNumber(alice, mallory)).not.toBe(number)
    expect(safetyNumber({ ...alice, address: 'alice@c.example' }, bob)).not.toBe(number)
    expect(safetyNumber(alice, { ...bob, address: 'rob@b.example' })).not.toBe(number)
  })

  test('is a published one for published keys (test vector of PROTOCOL §9)', () => {
    const scalar = (byte: number): SafetyParty['signingKey'] => {
      const pair = SigningKeyPair.fromScalar(new Uint8Array(32).fill(byte))
      if (pair === null) throw new Error('a valid scalar was refused')
      return pair.publicKey
    }
    const number = safetyNumber(
      { address: 'alice@one.example', signingKey: scalar(1) },
      { address: 'bob@two.example', signingKey: scalar(2) },
    )
    expect(number).toBe('521709914696303311229073120756792852429683262226637357981297')
  })
})

describe('a safety code', () => {
  const shown = encodeSafetyQr(bob, alice)

  test('matches where both see the same keys', () => {
    expect(shown).toHaveLength(70)
    expect(verifySafetyQr(shown, alice, bob)).toBe('match')
  })

  test.each<[string, SafetyParty, SafetyParty]>([
    ['knows another key of the peer', alice, mallory],
    ['is known under another key by the peer', mallory, bob],
    ['scans its own code', bob, alice],
    ['knows the peer by another name', alice, { ...bob, address: 'bob@c.example' }],
  ])('does not match where one side %s', (_, own, peer) => {
    expect(verifySafetyQr(shown, own, peer)).toBe('mismatch')
  })

  test('with any bit changed never matches', () => {
    for (let bit = 0; bit < shown.length * 8; bit++) {
      const outcome = verifySafetyQr(flipBit(shown, bit), alice, bob)
      expect(outcome).toBe(
        bit < 40 ? 'not-a-safety-code' : bit < 48 ? 'unknown-version' : 'mismatch',
      )
    }
  })

  test('is told from anything else', () => {
    for (const scanned of [
      new Uint8Array(0),
      shown.subarray(0, 69),
      new Uint8Array([...shown, 0]),
    ]) {
      expect(verifySafetyQr(scanned, alice, bob)).toBe('not-a-safety-code')
    }
  })
})
