import { decodeBase64Url, encodeBase64Url, equalPublicBytes, concatBytes } from '#shared/bytes.ts'
import { failure, type Failure } from '#shared/errors.ts'
import { err, ok, type Result } from '#shared/result.ts'
import { decodePoint, type Point } from './points.ts'
import { AgreementKeyPair, SCALAR_BYTES, wipe, type PrivateScalar } from './primitives.ts'

/** A P-256 public key as JWK (RFC 7517, RFC 7518 §6.2.1), with these members and no others. */
export interface PublicJwk {
  readonly kty: 'EC'
  readonly crv: 'P-256'
  /** 32 bytes, base64url without padding, leading zeros kept: 43 characters. */
  readonly x: string
  readonly y: string
}

/** A P-256 private key as JWK (RFC 7518 §6.2.2). */
export interface PrivateJwk extends PublicJwk {
  readonly d: string
}

const COORDINATE_BYTES = 32

/** Encodes a public key as JWK. */
export function encodePublicJwk(point: Point): PublicJwk {
  return {
    kty: 'EC',
    crv: 'P-256',
    x: encodeBase64Url(point.subarray(1, 1 + COORDINATE_BYTES)),
    y: encodeBase64Url(point.subarray(1 + COORDINATE_BYTES)),
  }
}

/**
 * Reads a public JWK strictly (PROTOCOL §2.3), since the runtimes' importers take padded or standard base64, over-long
 * coordinates and trailing garbage: exact members, canonical base64url of exactly 32 bytes, a point on the curve.
 */
export function decodePublicJwk(input: unknown): Result<Point, Failure<'KEY_INVALID'>> {
  const point = hasMembers(input, ['crv', 'kty', 'x', 'y']) ? readPoint(input) : null
  return point === null ? err(failure('KEY_INVALID')) : ok(point)
}

/** Encodes a private key as JWK. It never leaves the encrypted store. */
export function encodePrivateJwk(pair: AgreementKeyPair): PrivateJwk {
  const scalar = pair.exportScalar()
  const jwk = { ...encodePublicJwk(pair.publicKey), d: encodeBase64Url(scalar) }
  wipe(scalar)
  return jwk
}

/**
 * Reads a private JWK strictly. The public part is computed anew from `d` and must be the one given: the runtimes
 * believe a JWK whose halves do not belong together.
 */
export function decodePrivateJwk(input: unknown): Result<PrivateScalar, Failure<'KEY_INVALID'>> {
  if (!hasMembers(input, ['crv', 'd', 'kty', 'x', 'y'])) return err(failure('KEY_INVALID'))
  const point = readPoint(input)
  const scalar = readExactly(input.d, SCALAR_BYTES)
  const pair = scalar && AgreementKeyPair.fromScalar(scalar)
  if (scalar) wipe(scalar)
  if (!point || !pair || !equalPublicBytes(pair.publicKey, point)) {
    return err(failure('KEY_INVALID'))
  }
  return ok(pair.exportScalar())
}

function hasMembers<Name extends string>(
  input: unknown,
  names: readonly Name[],
): input is Record<Name, unknown> {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return false
  const given = Reflect.ownKeys(input)
  return given.length === names.length && names.every((name) => Object.hasOwn(input, name))
}

function readPoint(jwk: Record<'kty' | 'crv' | 'x' | 'y', unknown>): Point | null {
  if (jwk.kty !== 'EC' || jwk.crv !== 'P-256') return null
  const x = readExactly(jwk.x, COORDINATE_BYTES)
  const y = readExactly(jwk.y, COORDINATE_BYTES)
  return x && y && decodePoint(concatBytes(Uint8Array.of(4), x, y))
}

function readExactly(text: unknown, length: number): Uint8Array | null {
  const bytes = typeof text === 'string' ? decodeBase64Url(text) : null
  return bytes?.length === length ? bytes : null
}
