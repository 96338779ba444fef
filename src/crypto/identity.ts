import { BinaryReader, BinaryWriter } from '#protocol/binary.ts'
import { POINT_BYTES } from '#protocol/envelope.ts'
import type { Brand } from '#shared/brand.ts'
import { concatBytes, encodeUtf8 } from '#shared/bytes.ts'
import { failure, type Failure } from '#shared/errors.ts'
import { err, ok, type Result } from '#shared/result.ts'
import { SIGNATURE_BYTES } from './der-signature.ts'
import {
  sha256,
  type AgreementKeyPair,
  type AgreementPublicKey,
  type SigningKeyPair,
  type SigningPublicKey,
} from './primitives.ts'
import { decodeAgreementPublicKey } from './public-keys.ts'
import { signStatement, verifyStatement } from './signatures.ts'

/** Longest address in UTF-8: a name of 32, `@`, a host of 253 and a port, with room. */
export const MAX_ADDRESS_BYTES = 320
/** Longest encoded certificate. */
export const MAX_CERTIFICATE_BYTES =
  1 + 2 + MAX_ADDRESS_BYTES + 4 + POINT_BYTES + 8 + SIGNATURE_BYTES

const CERTIFICATE_VERSION = 1

/** Hash of an account's signing key, 32 bytes: what invite links carry and contacts are pinned to. */
export type Fingerprint = Brand<Uint8Array, 'Fingerprint'>
export const FINGERPRINT_BYTES = 32

/** SHA-256 over a label and the signing key (PROTOCOL §3.1). */
export function fingerprint(signingKey: SigningPublicKey): Fingerprint {
  return sha256(concatBytes(encodeUtf8('Sotto v1 fingerprint\0'), signingKey)) as Fingerprint
}

/** What an account says about one of its devices. */
export interface DeviceClaims {
  /** `name@host` or `name@host:port`, as validated by `#protocol/address.ts`. */
  readonly address: string
  /** 1 … 2^32 − 1. */
  readonly deviceId: number
  readonly agreementKey: AgreementPublicKey
  readonly createdAtMs: number
}

/** A device whose certificate was verified under `signingKey`. Whether to trust that key is the caller's to decide. */
export interface DeviceIdentity extends DeviceClaims {
  readonly signingKey: SigningPublicKey
}

/** This device, as the handshake needs it. */
export interface OwnDevice {
  readonly address: string
  readonly deviceId: number
  readonly signingKey: SigningPublicKey
  readonly agreement: AgreementKeyPair
  /** As made by {@link createDeviceCertificate}. */
  readonly certificate: Uint8Array
}

/**
 * Certifies a device (PROTOCOL §3.3).
 * Layout: version(1) ‖ address(2 + n) ‖ device id(4) ‖ agreement key(65) ‖ creation time in ms(8) ‖ signature(64), the
 * signature being over all before it.
 */
export function createDeviceCertificate(signer: SigningKeyPair, claims: DeviceClaims): Uint8Array {
  if (encodeUtf8(claims.address).length > MAX_ADDRESS_BYTES) {
    throw new RangeError('the address is longer than MAX_ADDRESS_BYTES')
  }
  const body = new BinaryWriter()
    .uint8(CERTIFICATE_VERSION)
    .text(claims.address)
    .uint32(claims.deviceId)
    .bytes(claims.agreementKey)
    .uint64(claims.createdAtMs)
    .finish()
  return concatBytes(body, signStatement(signer, 'device certificate', body))
}

/**
 * Reads and verifies a certificate.
 * @returns `UNKNOWN_VERSION`; `SIGNATURE_INVALID` where the layout or the signature does not fit; `KEY_INVALID` where a
 * valid signature covers a key that is none.
 */
export function verifyDeviceCertificate(
  signingKey: SigningPublicKey,
  certificate: Uint8Array,
): Result<DeviceIdentity, Failure<'UNKNOWN_VERSION' | 'SIGNATURE_INVALID' | 'KEY_INVALID'>> {
  const reader = new BinaryReader(certificate)
  const version = reader.uint8()
  if (reader.ok && version !== CERTIFICATE_VERSION) return err(failure('UNKNOWN_VERSION'))
  const address = reader.text()
  const deviceId = reader.uint32()
  const key = reader.bytes(POINT_BYTES)
  const createdAtMs = reader.uint64()
  const signature = reader.bytes(SIGNATURE_BYTES)
  reader.require(encodeUtf8(address).length <= MAX_ADDRESS_BYTES && deviceId > 0)
  if (!reader.finish()) return err(failure('SIGNATURE_INVALID'))
  const body = certificate.subarray(0, certificate.length - SIGNATURE_BYTES)
  if (!verifyStatement(signingKey, 'device certificate', body, signature)) {
    return err(failure('SIGNATURE_INVALID'))
  }
  const agreementKey = decodeAgreementPublicKey(key)
  if (!agreementKey.ok) return agreementKey
  return ok({ signingKey, address, deviceId, agreementKey: agreementKey.value, createdAtMs })
}
