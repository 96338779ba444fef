import { encodeBase64Url, encodeUtf8 } from '#shared/bytes.ts'

// The one profile of HTTP Message Signatures (RFC 9421) that a relay accepts (RELAY-API §3): always the same
// components and parameters in the same order, so that there is exactly one way to sign a request.

export type SignatureAlgorithm = 'ecdsa-p256-sha256' | 'hmac-sha256'

/** RFC 9421 §2.3: the parameters of one signature. Times are whole seconds since 1970. */
export interface SignatureParams {
  readonly createdSeconds: number
  readonly expiresSeconds: number
  /** 16 random bytes in base64url, used once. */
  readonly nonce: string
  readonly algorithm: SignatureAlgorithm
  /** The account's name (ECDSA), or the id of a session (HMAC). */
  readonly keyId: string
}

/** What a signature covers. */
export interface SignedRequest {
  readonly method: string
  /** Absolute, with query, as the client sends it (RFC 9421 §2.2.2). */
  readonly targetUri: string
  /** Value of the `content-digest` field, see {@link contentDigest}. */
  readonly contentDigest: string
}

export const SIGNATURE_LIFETIME_SECONDS = 60
export const SIGNATURE_NONCE_BYTES = 16
const COMPONENTS = '("@method" "@target-uri" "content-digest")'
const TAG = 'sotto-v1'
const DIGEST_PATTERN = /^sha-256=:[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=:$/

const INPUT_PATTERN =
  /^sotto=\("@method" "@target-uri" "content-digest"\);created=(\d{1,12});expires=(\d{1,12});nonce="([A-Za-z0-9_-]{21}[AQgw])";alg="(ecdsa-p256-sha256|hmac-sha256)";keyid="([A-Za-z0-9._-]{2,128})";tag="sotto-v1"$/
const SIGNATURE_PATTERN = /^sotto=:([A-Za-z0-9+/]{2,128}={0,2}):$/

/** Encodes as base64 with padding (RFC 4648 §4), the form of byte sequences in HTTP fields. */
function encodeBase64(bytes: Uint8Array): string {
  const text = encodeBase64Url(bytes).replaceAll('-', '+').replaceAll('_', '/')
  return text.padEnd(Math.ceil(text.length / 4) * 4, '=')
}

/** The `content-digest` field (RFC 9530) for the SHA-256 of a body; that of no bytes where there is no body. */
export function contentDigest(bodySha256: Uint8Array): string {
  return `sha-256=:${encodeBase64(bodySha256)}:`
}

/** Whether a text is a {@link contentDigest}. */
export function isContentDigest(text: string): boolean {
  return DIGEST_PATTERN.test(text)
}

function signatureParams(params: SignatureParams): string {
  const { createdSeconds, expiresSeconds, nonce, algorithm, keyId } = params
  return `${COMPONENTS};created=${createdSeconds};expires=${expiresSeconds};nonce="${nonce}";alg="${algorithm}";keyid="${keyId}";tag="${TAG}"`
}

/** The bytes to sign: the signature base of RFC 9421 §2.5. */
export function signatureBase(request: SignedRequest, params: SignatureParams): Uint8Array {
  return encodeUtf8(
    `"@method": ${request.method}\n` +
      `"@target-uri": ${request.targetUri}\n` +
      `"content-digest": ${request.contentDigest}\n` +
      `"@signature-params": ${signatureParams(params)}`,
  )
}

/** The three header fields of a signed request. */
export function signatureHeaders(
  request: SignedRequest,
  params: SignatureParams,
  signature: Uint8Array,
): { 'content-digest': string; 'signature-input': string; signature: string } {
  return {
    'content-digest': request.contentDigest,
    'signature-input': `sotto=${signatureParams(params)}`,
    signature: `sotto=:${encodeBase64(signature)}:`,
  }
}

/**
 * Reads `signature-input`. The profile fixes every byte but the values, so re-encoding the result gives the
 * field that was received, and with it the signature base.
 * @returns `null` where the field is missing or not of the profile.
 */
export function parseSignatureInput(field: unknown): SignatureParams | null {
  const match = typeof field === 'string' ? INPUT_PATTERN.exec(field) : null
  if (match === null) return null
  const [, created = '', expires = '', nonce = '', algorithm, keyId = ''] = match
  const params: SignatureParams = {
    createdSeconds: Number(created),
    expiresSeconds: Number(expires),
    nonce,
    algorithm: algorithm === 'hmac-sha256' ? 'hmac-sha256' : 'ecdsa-p256-sha256',
    keyId,
  }
  return field === `sotto=${signatureParams(params)}` ? params : null
}

/**
 * Reads the base64 of `signature`.
 * @returns the base64 text, or `null` where the field is missing or not of the profile.
 */
export function parseSignature(field: unknown): string | null {
  return (typeof field === 'string' ? SIGNATURE_PATTERN.exec(field)?.[1] : undefined) ?? null
}
