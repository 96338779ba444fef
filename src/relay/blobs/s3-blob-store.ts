import { AwsV4Signer } from 'aws4fetch'
import type { Readable } from 'node:stream'
import { Agent, request, type Dispatcher } from 'undici'
import { StorageFullError } from '../storage.ts'
import { BlobMissingError, BlobStoreError, MAX_DOWNLOADS, type BlobStore } from './blob-store.ts'

export interface S3Options {
  /** Origin of the store. */
  readonly endpoint: string
  readonly region: string
  readonly bucket: string
  /** Before every key; empty, or ends with a slash. */
  readonly prefix: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken: string | null
}

const CONNECTIONS = 64
/** Of silence; and of waiting for the answer to what has no body. */
const TIMEOUT_MS = 30_000

type Sent = Dispatcher.ResponseData

function agent(connections: number): Agent {
  return new Agent({
    connections,
    headersTimeout: TIMEOUT_MS,
    bodyTimeout: TIMEOUT_MS,
    connect: { timeout: TIMEOUT_MS },
  })
}

/**
 * Parts as objects of an S3-compatible store, path-style, each put in one request. Requests are signed (SigV4), their
 * bodies are not (`UNSIGNED-PAYLOAD`): they stream, and the digest that a device signed is checked by the relay.
 */
export class S3BlobStore implements BlobStore {
  readonly #options: S3Options
  readonly #agent = agent(CONNECTIONS)
  /** Apart: however many read slowly, uploading and removing go on. */
  readonly #downloads = agent(MAX_DOWNLOADS)

  /** @throws Error with a sentence for the operator where the bucket can't be used. */
  static async open(options: S3Options): Promise<S3BlobStore> {
    const store = new S3BlobStore(options)
    const { endpoint, bucket } = options
    try {
      const { statusCode } = await store.#send('HEAD', '')
      if (statusCode === 200) return store
      if (statusCode === 403) throw new Error(`${endpoint} refuses the credentials for ${bucket}.`)
      if (statusCode === 404) throw new Error(`${endpoint} has no bucket ${bucket}.`)
      throw new Error(`${endpoint} answers ${statusCode} about the bucket ${bucket}.`)
    } catch (cause) {
      await store.close()
      throw cause instanceof BlobStoreError
        ? new Error(`The attachment store at ${endpoint} cannot be reached.`, { cause })
        : cause
    }
  }

  private constructor(options: S3Options) {
    this.#options = options
  }

  async put(key: string, body: Readable, length: number): Promise<void> {
    const { statusCode } = await this.#send('PUT', this.#name(key), {
      body,
      headers: { 'content-length': String(length), 'content-type': 'application/octet-stream' },
    })
    if (statusCode === 507) throw new StorageFullError('the attachment store is full')
    if (statusCode !== 200) throw new BlobStoreError(`a part was answered ${statusCode}`)
  }

  async get(key: string, from: number, to: number): Promise<Readable> {
    const headers = { range: `bytes=${from}-${to - 1}` }
    const { statusCode, body } = await this.#send('GET', this.#name(key), { headers, keep: true })
    if (statusCode === 206) return body
    await body.dump()
    if (statusCode === 404) throw new BlobMissingError('a part is gone')
    throw new BlobStoreError(`reading a part was answered ${statusCode}`)
  }

  async remove(key: string): Promise<void> {
    const { statusCode } = await this.#send('DELETE', this.#name(key))
    if (statusCode === 204 || statusCode === 200 || statusCode === 404) return
    throw new BlobStoreError(`removing a part was answered ${statusCode}`)
  }

  async close(): Promise<void> {
    await Promise.all([this.#agent.destroy(), this.#downloads.destroy()])
  }

  #name(key: string): string {
    return `/${this.#options.prefix}${key}`
  }

  async #send(
    method: 'HEAD' | 'GET' | 'PUT' | 'DELETE',
    name: string,
    wanted: {
      readonly headers?: Record<string, string>
      readonly body?: Readable
      /** Leave the body of the answer to the caller. */
      readonly keep?: boolean
    } = {},
  ): Promise<Sent> {
    const { endpoint, bucket, region, accessKeyId, secretAccessKey, sessionToken } = this.#options
    const signer = new AwsV4Signer({
      method,
      url: `${endpoint}/${bucket}${name}`,
      ...(wanted.headers && { headers: wanted.headers }),
      service: 's3',
      region,
      accessKeyId,
      secretAccessKey,
      ...(sessionToken !== null && { sessionToken }),
    })
    // Also while all connections are taken. A body takes as long as whoever sends it, which the server bounds.
    const waiting = new AbortController()
    const timer = wanted.body ? undefined : setTimeout(() => waiting.abort(), TIMEOUT_MS)
    try {
      const { url, headers } = await signer.sign()
      const answer = await request(url, {
        dispatcher: method === 'GET' ? this.#downloads : this.#agent,
        method,
        headers: Object.fromEntries(headers),
        body: wanted.body ?? null,
        signal: waiting.signal,
      })
      if (!wanted.keep) await answer.body.dump()
      return answer
    } catch (cause) {
      throw new BlobStoreError('the attachment store does not answer', { cause })
    } finally {
      clearTimeout(timer)
    }
  }
}
