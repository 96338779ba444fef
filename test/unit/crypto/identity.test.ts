import { describe, expect, test } from 'vitest'
import {
  createDeviceCertificate,
  fingerprint,
  MAX_ADDRESS_BYTES,
  MAX_CERTIFICATE_BYTES,
  verifyDeviceCertificate,
} from '#crypto/identity.ts'
import { AgreementKeyPair, randomBytes, SigningKeyPair } from '#crypto/primitives.ts'
import { signStatement } from '#crypto/signatures.ts'
import { concatBytes } from '#shared/bytes.ts'
import { flipBit } from '#test/helpers/crypto-device.ts'
import { codeOf, valueOf } from '#test/helpers/value-of.ts'

const signer = SigningKeyPair.generate(randomBytes)
const agreementKey = AgreementKeyPair.generate(randomBytes).publicKey
const claims = { address: 'zoë@relay.example:8443', deviceId: 3, agreementKey, createdAtMs: 1.7e12 }
const certificate = createDeviceCertificate(signer, claims)

describe('a device certificate', () => {
  test('says what it was made of, under the key that signed it', () => {
    const device = valueOf(verifyDeviceCertificate(signer.publicKey, certificate))
    expect(device).toEqual({ ...claims, signingKey: signer.publicKey })
  })

  test('does not hold under another key', () => {
    const other = SigningKeyPair.generate(randomBytes).publicKey
    expect(codeOf(verifyDeviceCertificate(other, certificate))).toBe('SIGNATURE_INVALID')
  })

  test('does not hold with any bit changed; a changed version is named', () => {
    for (let bit = 0; bit < certificate.length * 8; bit++) {
      const changed = flipBit(certificate, bit)
      const expected = bit < 8 ? 'UNKNOWN_VERSION' : 'SIGNATURE_INVALID'
      expect(codeOf(verifyDeviceCertificate(signer.publicKey, changed))).toBe(expected)
    }
  })

  test('does not hold cut at any place, nor with a byte more', () => {
    for (let length = 0; length < certificate.length; length++) {
      const cut = certificate.subarray(0, length)
      expect(codeOf(verifyDeviceCertificate(signer.publicKey, cut))).toBe('SIGNATURE_INVALID')
    }
    const longer = concatBytes(certificate, Uint8Array.of(0))
    expect(codeOf(verifyDeviceCertificate(signer.publicKey, longer))).toBe('SIGNATURE_INVALID')
  })

  test('is refused where the signer certified a key that is none', () => {
    const body = certificate.slice(0, -64)
    body[body.length - 9] = (body[body.length - 9] ?? 0) ^ 1 // the last byte of Y
    const resigned = concatBytes(body, signStatement(signer, 'device certificate', body))
    expect(codeOf(verifyDeviceCertificate(signer.publicKey, resigned))).toBe('KEY_INVALID')
  })

  test('has room for the longest address, and no more', () => {
    const longest = 'a'.repeat(MAX_ADDRESS_BYTES)
    const made = createDeviceCertificate(signer, { ...claims, address: longest })
    expect(made).toHaveLength(MAX_CERTIFICATE_BYTES)
    expect(valueOf(verifyDeviceCertificate(signer.publicKey, made)).address).toBe(longest)
    expect(() => createDeviceCertificate(signer, { ...claims, address: `${longest}a` })).toThrow(
      RangeError,
    )
  })
})

test('a fingerprint has 32 bytes and is the key’s own', () => {
  const other = SigningKeyPair.generate(randomBytes)
  expect(fingerprint(signer.publicKey)).toHaveLength(32)
  expect(fingerprint(signer.publicKey)).toEqual(fingerprint(signer.publicKey))
  expect(fingerprint(signer.publicKey)).not.toEqual(fingerprint(other.publicKey))
})
