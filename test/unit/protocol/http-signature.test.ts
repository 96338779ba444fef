import fc from 'fast-check'
import { createSigner, createVerifier, httpbis } from 'http-message-signatures'
import { createPrivateKey, createPublicKey } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { hmacSha256 } from '#crypto/hkdf.ts'
import { encodePublicJwk } from '#crypto/jwk.ts'
import { randomBytes, sha256, SigningKeyPair, verifyRaw } from '#crypto/primitives.ts'
import {
  contentDigest,
  parseSignature,
  parseSignatureInput,
  signatureBase,
  signatureHeaders,
  type SignatureParams,
  type SignedRequest,
} from '#protocol/http-signature.ts'
import { encodeBase64Url } from '#shared/bytes.ts'

// Cross-checked with the npm package http-message-signatures, an implementation of RFC 9421 by others.

const pair = SigningKeyPair.generate(randomBytes)
const privateKey = createPrivateKey({
  format: 'jwk',
  key: { ...encodePublicJwk(pair.publicKey), d: encodeBase64Url(pair.exportScalar()) },
})
const request: SignedRequest = {
  method: 'POST',
  targetUri: 'https://relay.example.org:8443/v1/acks?x=%20y&z',
  contentDigest: contentDigest(sha256(new TextEncoder().encode('{"through":5}'))),
}
const nowSeconds = Math.floor(Date.now() / 1_000)
const params: SignatureParams = {
  createdSeconds: nowSeconds,
  expiresSeconds: nowSeconds + 60,
  nonce: encodeBase64Url(new Uint8Array(16).fill(3)),
  algorithm: 'ecdsa-p256-sha256',
  keyId: 'alice',
}
const FIELDS = ['@method', '@target-uri', 'content-digest']
const PARAMS = ['created', 'expires', 'nonce', 'alg', 'keyid', 'tag']

describe('signed requests', () => {
  test('the digest field is that of RFC 9530', () => {
    // RFC 9530 §D.1: the digest of {"hello": "world"} followed by a line feed.
    const body = new TextEncoder().encode('{"hello": "world"}\n')
    expect(contentDigest(sha256(body))).toBe(
      'sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:',
    )
  })

  test.each(['ecdsa-p256-sha256', 'hmac-sha256'] as const)(
    'what we sign with %s, another implementation of RFC 9421 accepts',
    async (algorithm) => {
      const secret = Buffer.from(randomBytes(32))
      const own = { ...params, algorithm }
      const base = signatureBase(request, own)
      const signature = algorithm === 'hmac-sha256' ? hmacSha256(secret, base) : pair.signRaw(base)
      const verifier =
        algorithm === 'hmac-sha256'
          ? createVerifier(secret, algorithm)
          : createVerifier(createPublicKey(privateKey), algorithm)
      const verified = await httpbis.verifyMessage(
        {
          keyLookup: async () => ({ id: 'alice', algs: [algorithm], verify: verifier }),
          requiredFields: FIELDS,
          requiredParams: PARAMS,
        },
        {
          method: request.method,
          url: request.targetUri,
          headers: signatureHeaders(request, own, signature),
        },
      )
      expect(verified).toBe(true)
    },
  )

  test('what another implementation signs in our profile, we accept', async () => {
    const signed = await httpbis.signMessage(
      {
        key: createSigner(privateKey, 'ecdsa-p256-sha256', 'alice'),
        name: 'sotto',
        fields: FIELDS,
        params: PARAMS,
        paramValues: {
          created: new Date(params.createdSeconds * 1_000),
          expires: new Date(params.expiresSeconds * 1_000),
          nonce: params.nonce,
          tag: 'sotto-v1',
        },
      },
      {
        method: request.method,
        url: request.targetUri,
        headers: { 'content-digest': request.contentDigest },
      },
    )
    const headers = new Map(
      Object.entries(signed.headers).map(([name, value]) => [name.toLowerCase(), value]),
    )
    const read = parseSignatureInput(headers.get('signature-input'))
    const signature = parseSignature(headers.get('signature'))
    expect(read).toEqual(params)
    if (read === null || signature === null) throw new Error('not read')
    const bytes = new Uint8Array(Buffer.from(signature, 'base64'))
    expect(verifyRaw(pair.publicKey, signatureBase(request, read), bytes)).toBe(true)
  })

  test('what is signed changes with every part of the request and every parameter', () => {
    const original = signatureBase(request, params)
    const others = [
      signatureBase({ ...request, method: 'PUT' }, params),
      signatureBase({ ...request, targetUri: `${request.targetUri}&` }, params),
      signatureBase({ ...request, contentDigest: contentDigest(sha256(original)) }, params),
      signatureBase(request, { ...params, createdSeconds: 1 }),
      signatureBase(request, { ...params, expiresSeconds: 1 }),
      signatureBase(request, { ...params, nonce: encodeBase64Url(randomBytes(16)) }),
      signatureBase(request, { ...params, algorithm: 'hmac-sha256' }),
      signatureBase(request, { ...params, keyId: 'bob' }),
    ]
    for (const other of others) expect(other).not.toEqual(original)
  })

  const input = signatureHeaders(request, params, new Uint8Array(64))['signature-input']

  test('the input field is read back as it was written', () => {
    expect(parseSignatureInput(input)).toEqual(params)
  })

  test.each([
    ['nothing', undefined],
    ['two fields', [input, input]],
    ['another label', input.replace('sotto=', 'sig=')],
    ['a second signature', `${input}, ${input}`],
    ['a missing component', input.replace(' "content-digest"', '')],
    ['another order of parameters', input.replace(/(;created=\d+)(;expires=\d+)/, '$2$1')],
    ['a number with leading zeros', input.replace('created=1', 'created=01')],
    ['a short nonce', input.replace(params.nonce, 'AAAA')],
    ['a nonce that is not canonical', input.replace(/nonce=".{22}"/, `nonce="${'A'.repeat(21)}B"`)],
    ['an unknown algorithm', input.replace('ecdsa-p256-sha256', 'none')],
    ['a quote in the key id', input.replace('alice', 'ali"ce')],
    ['another tag', input.replace('sotto-v1', 'sotto-v2')],
    ['something behind', `${input} `],
  ])('%s is not of the profile', (_name, field) => {
    expect(parseSignatureInput(field)).toBeNull()
  })

  test('whatever is read would be written the same', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), fc.nat({ max: input.length }), (text, at) => {
        const mutated = input.slice(0, at) + text + input.slice(at + text.length)
        const read = parseSignatureInput(mutated)
        if (read === null) return
        expect(signatureHeaders(request, read, new Uint8Array(1))['signature-input']).toBe(mutated)
      }),
    )
  })
})
