import { sha256 } from '#crypto/primitives.ts'
import type { Clock, Random } from '#core/ports.ts'
import {
  contentDigest,
  SIGNATURE_LIFETIME_SECONDS,
  SIGNATURE_NONCE_BYTES,
  signatureBase,
  signatureHeaders,
  type SignatureAlgorithm,
} from '#protocol/http-signature.ts'
import { encodeBase64Url } from '#shared/bytes.ts'

/** Who signs a request, and with what. */
export interface RequestKey {
  readonly id: string
  readonly algorithm: SignatureAlgorithm
  readonly sign: (signatureBase: Uint8Array) => Uint8Array
}

const NO_BODY = new Uint8Array(0)

/** Signs one request, for one use within a minute (RELAY-API §3). @returns the header fields to add. */
export function signRequest(
  key: RequestKey,
  request: { readonly method: string; readonly url: string; readonly body?: Uint8Array },
  clock: Pick<Clock, 'nowMs'>,
  random: Random,
): Record<string, string> {
  const createdSeconds = Math.floor(clock.nowMs() / 1_000)
  const params = {
    createdSeconds,
    expiresSeconds: createdSeconds + SIGNATURE_LIFETIME_SECONDS,
    nonce: encodeBase64Url(random(SIGNATURE_NONCE_BYTES)),
    algorithm: key.algorithm,
    keyId: key.id,
  }
  const signed = {
    method: request.method,
    targetUri: request.url,
    contentDigest: contentDigest(sha256(request.body ?? NO_BODY)),
  }
  return signatureHeaders(signed, params, key.sign(signatureBase(signed, params)))
}
