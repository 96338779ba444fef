import type { RequestSigner } from '#core/ports.ts'
import { hmacSha256 } from '#crypto/hkdf.ts'
import { randomBytes } from '#crypto/primitives.ts'
import { signRequest, type RequestKey } from '#relay-client/request-signing.ts'
import { encodeBase64Url } from '#shared/bytes.ts'
import { call, ShiftedClock, signed, type Answer, type TestRelay } from './harness.ts'

export const TUS = { 'tus-resumable': '1.0.0' }
export const PART = { ...TUS, 'content-type': 'application/offset+octet-stream' }

/** A session of a device, for requests that a test puts together itself. */
export async function openSession(relay: TestRelay, signer: RequestSigner): Promise<RequestKey> {
  const body = JSON.stringify({ deviceId: signer.deviceId })
  const headers = signed(relay, signer, 'POST', '/v1/sessions', body)
  const answer = await call(relay, 'POST', '/v1/sessions', { body, headers })
  const { id, key } = answer.body as { id: string; key: string }
  const secret = new Uint8Array(Buffer.from(key, 'base64url'))
  return { id, algorithm: 'hmac-sha256', sign: (base) => hmacSha256(secret, base) }
}

/** The header fields of a request signed by a session. */
export function sessionHeaders(
  relay: TestRelay,
  session: RequestKey,
  method: string,
  path: string,
  body?: Uint8Array,
): Record<string, string> {
  const wanted = { method, url: `${relay.url}${path}`, ...(body && { body }) }
  return signRequest(session, wanted, new ShiftedClock(), randomBytes)
}

/** One request signed by a session. */
export function deviceCall(
  relay: TestRelay,
  session: RequestKey,
  method: string,
  path: string,
  init: { readonly headers?: Record<string, string>; readonly body?: Uint8Array } = {},
): Promise<Answer> {
  const { headers, body } = init
  return call(relay, method, path, {
    headers: { ...sessionHeaders(relay, session, method, path, body), ...headers },
    ...(body && { body }),
  })
}

/** Begins an upload. @returns its path. */
export async function beginUpload(
  relay: TestRelay,
  session: RequestKey,
  length: number,
  key: Uint8Array = randomBytes(16),
): Promise<string> {
  const answer = await deviceCall(relay, session, 'POST', '/v1/blobs', {
    headers: {
      ...TUS,
      'idempotency-key': encodeBase64Url(key),
      'upload-length': String(length),
    },
  })
  const location = answer.headers.get('location')
  if (location === null) throw new Error(`no upload: ${JSON.stringify(answer.body)}`)
  return location
}

/** Sends a part of an upload. */
export function sendPart(
  relay: TestRelay,
  session: RequestKey,
  path: string,
  offset: number,
  body: Uint8Array,
  headers: Record<string, string> = {},
): Promise<Answer> {
  return deviceCall(relay, session, 'PATCH', path, {
    headers: { ...PART, 'upload-offset': String(offset), ...headers },
    body,
  })
}
