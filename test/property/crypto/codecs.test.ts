import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createDeviceCertificate, verifyDeviceCertificate } from '#crypto/identity.ts'
import { initiateSession, readInitialMessage } from '#crypto/handshake.ts'
import { readHandshakeId } from '#crypto/handshake-id.ts'
import { decodePrivateJwk, decodePublicJwk, encodePublicJwk } from '#crypto/jwk.ts'
import { decodePoint } from '#crypto/points.ts'
import { AgreementKeyPair, randomBytes, SigningKeyPair, verifyRaw } from '#crypto/primitives.ts'
import { openMessage } from '#crypto/ratchet.ts'
import { verifySafetyQr } from '#crypto/safety-number.ts'
import { decodeSession } from '#crypto/session-codec.ts'
import { BinaryReader } from '#protocol/binary.ts'
import { describeEnvelope, parseEnvelope } from '#protocol/envelope.ts'
import { padInto, paddedLength, unpad } from '#protocol/padding.ts'
import { encodeUtf8 } from '#shared/bytes.ts'
import { connect, createTestDevice } from '#test/helpers/crypto-device.ts'
import { valueOf } from '#test/helpers/value-of.ts'

const [alice, bob] = [createTestDevice('alice@one.example'), createTestDevice('bob@two.example')]
const [session] = connect()
const party = { address: 'alice@one.example', signingKey: alice.own.signingKey }

const bytes = fc.uint8Array({ maxLength: 4000 })
const afterPrefix = fc
  .tuple(
    fc.constantFrom(1, 2),
    fc.constantFrom(257, 417, 2304, 2305, 4000),
    fc.infiniteStream(fc.nat(255)),
  )
  .map(([type, length, stream]) => Uint8Array.from([1, type, ...stream.take(length)]))

describe('bytes from anywhere', () => {
  const hostile = fc.oneof(bytes, afterPrefix)
  const decoders: readonly [string, (input: Uint8Array) => unknown][] = [
    ['parseEnvelope', parseEnvelope],
    ['describeEnvelope', describeEnvelope],
    ['readHandshakeId', readHandshakeId],
    ['openMessage', (input) => openMessage(session, input, 1)],
    ['readInitialMessage', (input) => readInitialMessage(alice.own, input)],
    ['decodeSession', decodeSession],
    ['decodePoint', decodePoint],
    ['verifyDeviceCertificate', (input) => verifyDeviceCertificate(alice.own.signingKey, input)],
    ['verifyRaw', (input) => verifyRaw(alice.own.signingKey, input, input)],
    ['verifySafetyQr', (input) => verifySafetyQr(input, party, party)],
    ['unpad', unpad],
    ['BinaryReader', (input) => new BinaryReader(input).text()],
  ]
  test.each(decoders)('never make %s throw, and are left as they were', (_, decode) => {
    fc.assert(
      fc.property(hostile, (input) => {
        const before = input.slice()
        decode(input)
        expect(input).toEqual(before)
      }),
      { numRuns: 100 },
    )
  })
})

test('anything that was JSON never makes a JWK decoder throw, nor passes', () => {
  fc.assert(
    fc.property(fc.anything(), (input) => {
      expect(decodePublicJwk(input).ok).toBe(false)
      expect(decodePrivateJwk(input).ok).toBe(false)
    }),
  )
})

test('a bundle of hostile bytes is refused without an exception', () => {
  fc.assert(
    fc.property(bytes, bytes, bytes, fc.nat(), (certificate, publicKey, signature, id) => {
      const kemPrekey = { id: id % 2 ** 32, publicKey, signature }
      const outcome = initiateSession({
        own: alice.own,
        peerAddress: bob.own.address,
        bundle: { ...bob.bundle, certificate, kemPrekey },
        newestGeneration: 0,
        nowMs: 1,
        random: randomBytes,
      })
      expect(outcome.ok).toBe(false)
    }),
  )
})

describe('what is encoded comes back', () => {
  test('padded text', () => {
    fc.assert(
      fc.property(bytes, (plaintext) => {
        const padded = new Uint8Array(paddedLength(plaintext.length))
        padInto(padded, plaintext)
        expect(unpad(padded)).toEqual(plaintext)
      }),
    )
  })

  test('public keys, as points and as JWK', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (scalar) => {
        const pair = AgreementKeyPair.fromScalar(scalar)
        fc.pre(pair !== null)
        expect(decodePoint(pair.publicKey)).toEqual(pair.publicKey)
        expect(valueOf(decodePublicJwk(encodePublicJwk(pair.publicKey)))).toEqual(pair.publicKey)
      }),
    )
  })

  test('device certificates, for any address that fits', () => {
    const signer = SigningKeyPair.generate(randomBytes)
    const { agreementKey } = valueOf(
      verifyDeviceCertificate(alice.own.signingKey, alice.own.certificate),
    )
    fc.assert(
      fc.property(
        fc
          .string({ unit: 'grapheme', maxLength: 60 })
          .filter((text) => encodeUtf8(text).length <= 320),
        fc.integer({ min: 1, max: 2 ** 32 - 1 }),
        fc.maxSafeNat(),
        (address, deviceId, createdAtMs) => {
          const claims = { address, deviceId, agreementKey, createdAtMs }
          const certificate = createDeviceCertificate(signer, claims)
          expect(valueOf(verifyDeviceCertificate(signer.publicKey, certificate))).toEqual({
            ...claims,
            signingKey: signer.publicKey,
          })
        },
      ),
      { numRuns: 30 },
    )
  })
})
