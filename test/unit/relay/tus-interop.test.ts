import { afterEach, beforeEach, expect, test } from 'vitest'
import { Upload, type HttpRequest, type HttpResponse, type UploadOptions } from 'tus-js-client'
import { randomBytes } from '#crypto/primitives.ts'
import type { RelayClient } from '#relay-client/client.ts'
import type { RequestKey } from '#relay-client/request-signing.ts'
import { encodeBase64Url } from '#shared/bytes.ts'
import { openSession, sessionHeaders } from './blobs-harness.ts'
import { testAccount, testClient, testRelay, type TestRelay } from './harness.ts'

// A client that we have not written speaks the protocol with the relay; only its requests are signed for it.

const CHUNK_BYTES = 100_000

let relay: TestRelay
let client: RelayClient
let session: RequestKey

beforeEach(async () => {
  relay = await testRelay()
  client = testClient()
  session = await openSession(relay, (await testAccount(relay, client, 'ada')).signer)
})
afterEach(async () => {
  await client.close()
  await relay.close()
})

class SignedRequest implements HttpRequest {
  readonly #method: string
  readonly #url: string
  readonly #headers: Record<string, string> = {}
  readonly #abort = new AbortController()

  constructor(method: string, url: string) {
    this.#method = method
    this.#url = url
  }

  getMethod = (): string => this.#method
  getURL = (): string => this.#url
  setHeader = (name: string, value: string): void => void (this.#headers[name] = value)
  getHeader = (name: string): string | undefined => this.#headers[name]
  setProgressHandler = (): void => undefined
  getUnderlyingObject = (): null => null
  abort = async (): Promise<void> => this.#abort.abort()

  async send(body?: unknown): Promise<HttpResponse> {
    const bytes = body instanceof Uint8Array ? body : undefined
    const path = new URL(this.#url).pathname
    const signature = sessionHeaders(relay, session, this.#method, path, bytes)
    const response = await fetch(this.#url, {
      method: this.#method,
      headers: { ...this.#headers, ...signature },
      ...(bytes && { body: Uint8Array.from(bytes) }),
      signal: this.#abort.signal,
    })
    const text = await response.text()
    return {
      getStatus: () => response.status,
      getHeader: (name) => response.headers.get(name) ?? undefined,
      getBody: () => text,
      getUnderlyingObject: () => null,
    }
  }
}

function options(change: Partial<UploadOptions>): UploadOptions {
  return {
    endpoint: `${relay.url}/v1/blobs`,
    headers: { 'Idempotency-Key': encodeBase64Url(randomBytes(16)) },
    chunkSize: CHUNK_BYTES,
    retryDelays: null,
    storeFingerprintForResuming: false,
    httpStack: {
      createRequest: (method, url) => new SignedRequest(method, url),
      getName: () => 'signed',
    },
    ...change,
  }
}

async function download(url: string): Promise<Uint8Array> {
  return new Uint8Array(await (await fetch(url)).arrayBuffer())
}

test('tus-js-client uploads in chunks', async () => {
  const body = randomBytes(3 * CHUNK_BYTES + 5)
  const url = await new Promise<string>((resolve, reject) => {
    const upload = new Upload(
      Buffer.from(body),
      options({ onError: reject, onSuccess: () => resolve(upload.url ?? '') }),
    )
    upload.start()
  })
  expect(await download(url)).toEqual(body)
})

test('tus-js-client goes on with an upload it had left, and removes it', async () => {
  const body = randomBytes(3 * CHUNK_BYTES)
  const begun = await new Promise<string>((resolve, reject) => {
    const upload = new Upload(
      Buffer.from(body),
      options({
        onError: reject,
        onChunkComplete: () => {
          void upload.abort().then(() => resolve(upload.url ?? ''))
        },
      }),
    )
    upload.start()
  })
  expect((await fetch(begun)).status).toBe(404)
  const sent: number[] = []
  await new Promise<void>((resolve, reject) => {
    new Upload(
      Buffer.from(body),
      options({
        uploadUrl: begun,
        onError: reject,
        onChunkComplete: (chunk) => void sent.push(chunk),
        onSuccess: () => resolve(),
      }),
    ).start()
  })
  expect(sent).toEqual([CHUNK_BYTES, CHUNK_BYTES])
  expect(await download(begun)).toEqual(body)
  await Upload.terminate(begun, options({}))
  expect((await fetch(begun)).status).toBe(404)
})
