import { globSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { arrayBuffer } from 'node:stream/consumers'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { RequestSigner } from '#core/ports.ts'
import { randomBytes } from '#crypto/primitives.ts'
import {
  BlobMissingError,
  BlobStoreError,
  MAX_DOWNLOADS,
  type BlobStore,
} from '#relay/blobs/blob-store.ts'
import { FileBlobStore } from '#relay/blobs/file-blob-store.ts'
import { openBlobStore, s3Options } from '#relay/blobs/open-blob-store.ts'
import { parseRange } from '#relay/blobs/range.ts'
import { S3BlobStore } from '#relay/blobs/s3-blob-store.ts'
import { relayConfig, type RelayOptions } from '#relay/config.ts'
import { StorageFullError } from '#relay/storage.ts'
import type { RelayClient } from '#relay-client/client.ts'
import type { RequestKey } from '#relay-client/request-signing.ts'
import { encodeBase64Url } from '#shared/bytes.ts'
import { blobsConformance } from './blobs-conformance.ts'
import {
  beginUpload,
  deviceCall,
  openSession,
  PART,
  sendPart,
  sessionHeaders,
  TUS,
} from './blobs-harness.ts'
import {
  call,
  memoryStorage,
  testAccount,
  testClient,
  testRelay,
  until,
  type Answer,
  type TestRelay,
} from './harness.ts'
import { startS3Server, type S3Server } from './s3-server.ts'

const KIB = 1024
const PART_BYTES = 64 * KIB

blobsConformance('SQLite', () => memoryStorage())

let folder: string
let s3: S3Server
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sotto-blobs-'))
  s3 = await startS3Server()
})
afterAll(async () => {
  await s3.close()
  rmSync(folder, { recursive: true })
})

let stores = 0
const STORES = {
  files: {
    open: (): Promise<BlobStore> =>
      FileBlobStore.open({ folder: join(folder, `${(stores += 1)}`), reserveBytes: 0 }),
    count: () => globSync(join(folder, `${stores}`, '*/*')).length,
  },
  S3: { open: (): Promise<BlobStore> => S3BlobStore.open(s3.options), count: () => s3.count() },
}

const bytesOf = async (stream: Readable): Promise<Uint8Array> =>
  new Uint8Array(await arrayBuffer(stream))
const newKey = (): string => Buffer.from(randomBytes(16)).toString('hex')

describe.each(['files', 'S3'] as const)('parts of attachments in %s', (kind) => {
  let store: BlobStore
  beforeEach(async () => {
    store = await STORES[kind].open()
  })
  afterEach(() => store.close())

  test('are read as they were stored, whole or in ranges', async () => {
    const key = newKey()
    const body = randomBytes(200_000)
    await store.put(key, Readable.from([body.subarray(0, 70_000), body.subarray(70_000)]), 200_000)
    expect(await bytesOf(await store.get(key, 0, 200_000))).toEqual(body)
    expect(await bytesOf(await store.get(key, 69_999, 70_001))).toEqual(
      body.subarray(69_999, 70_001),
    )
    await store.remove(key)
  })

  test('are gone once they are removed, which may be repeated', async () => {
    const key = newKey()
    const before = STORES[kind].count()
    await store.put(key, Readable.from([randomBytes(10)]), 10)
    expect(STORES[kind].count()).toBe(before + 1)
    await store.remove(key)
    await store.remove(key)
    expect(STORES[kind].count()).toBe(before)
    await expect(store.get(key, 0, 10)).rejects.toThrow(BlobMissingError)
  })

  test('of another length than announced are refused', async () => {
    await expect(store.put(newKey(), Readable.from([randomBytes(9)]), 10)).rejects.toThrow(
      BlobStoreError,
    )
  })

  test('whose source breaks off are refused', async () => {
    async function* breaking(): AsyncGenerator<Uint8Array> {
      yield randomBytes(5)
      throw new Error('the connection is gone')
    }
    await expect(store.put(newKey(), Readable.from(breaking()), 10)).rejects.toThrow(BlobStoreError)
  })
})

describe('attachments in files', () => {
  test('leave the reserve of the disk to the rest', async () => {
    const store = await FileBlobStore.open({
      folder: join(folder, 'reserve'),
      reserveBytes: Number.MAX_SAFE_INTEGER,
    })
    const put = store.put(newKey(), Readable.from([randomBytes(5)]), 5)
    await expect(put).rejects.toThrow(StorageFullError)
  })

  test.runIf(process.platform === 'linux')(
    'say when the disk is full (on Linux, which has a device for it)',
    async () => {
      const full = join(folder, 'full')
      const store = await FileBlobStore.open({ folder: full, reserveBytes: 0 })
      const key = newKey()
      mkdirSync(join(full, key.slice(0, 2)))
      symlinkSync('/dev/full', join(full, key.slice(0, 2), key))
      const put = store.put(key, Readable.from([randomBytes(5)]), 5)
      await expect(put).rejects.toThrow(StorageFullError)
    },
  )

  test('have no keys but those of the relay', async () => {
    const store = await FileBlobStore.open({ folder: join(folder, 'keys'), reserveBytes: 0 })
    await expect(store.get('../../etc/passwd', 0, 1)).rejects.toThrow(TypeError)
  })
})

describe('an S3 store', () => {
  test('that is away, or has other credentials or no bucket, is told at the start', async () => {
    const { options } = s3
    await expect(S3BlobStore.open({ ...options, bucket: 'none' })).rejects.toThrow(
      /has no bucket none/,
    )
    await expect(S3BlobStore.open({ ...options, secretAccessKey: 'x' })).rejects.toThrow(
      /refuses the credentials/,
    )
    await expect(S3BlobStore.open({ ...options, endpoint: 'http://127.0.0.1:1' })).rejects.toThrow(
      /cannot be reached/,
    )
  })

  const ENVIRONMENT = {
    AWS_ENDPOINT_URL_S3: 'https://s3.example.org/',
    AWS_ACCESS_KEY_ID: 'id',
    AWS_SECRET_ACCESS_KEY: 'secret',
  }

  test('is configured by its place and the environment', () => {
    expect(s3Options('s3://bucket/a/b/', { ...ENVIRONMENT, AWS_REGION: 'eu-1' })).toEqual({
      bucket: 'bucket',
      prefix: 'a/b/',
      region: 'eu-1',
      endpoint: 'https://s3.example.org',
      accessKeyId: 'id',
      secretAccessKey: 'secret',
      sessionToken: null,
    })
    expect(s3Options('s3://bucket', ENVIRONMENT)).toMatchObject({ prefix: '', region: 'us-east-1' })
  })

  test.each([
    ['s3://', {}, /does not look like/],
    ['s3://Bucket', {}, /does not look like/],
    ['s3://bucket/a b', {}, /does not look like/],
    ['s3://bucket', { AWS_ACCESS_KEY_ID: undefined }, /need AWS_ACCESS_KEY_ID/],
    ['s3://bucket', { AWS_SECRET_ACCESS_KEY: '' }, /need AWS_SECRET_ACCESS_KEY/],
    ['s3://bucket', { AWS_ENDPOINT_URL_S3: undefined }, /need AWS_ENDPOINT_URL_S3/],
    ['s3://bucket', { AWS_ENDPOINT_URL_S3: 'store' }, /not a URL/],
  ])('%s with %o is refused in a sentence', (place, change, message) => {
    expect(() => s3Options(place, { ...ENVIRONMENT, ...change })).toThrow(message)
  })

  test('is asked to store and remove while all downloads stand still', async () => {
    const removed: string[] = []
    const slow = createServer((request, response) => {
      if (request.method === 'DELETE') removed.push(request.url ?? '')
      request.resume()
      if (request.method !== 'GET') return response.writeHead(200).end()
      return response.writeHead(206, { 'content-length': '10' }).write('x')
    })
    await new Promise<void>((resolve) => slow.listen(0, '127.0.0.1', resolve))
    const { port } = slow.address() as AddressInfo
    const store = await S3BlobStore.open({ ...s3.options, endpoint: `http://127.0.0.1:${port}` })
    const downloads = await Promise.all(
      Array.from({ length: MAX_DOWNLOADS }, () => store.get(newKey(), 0, 10)),
    )
    await store.remove(newKey())
    await store.put(newKey(), Readable.from([randomBytes(5)]), 5)
    expect(removed).toHaveLength(1)
    for (const body of downloads) body.once('error', () => undefined).destroy()
    await store.close()
    slow.closeAllConnections()
    slow.close()
  })

  test('is what a relay opens where its place says so', async () => {
    const config = relayConfig({ blobs: 's3://attachments/relay' })
    if (!config.ok) throw new Error('the configuration is not valid')
    const { endpoint, accessKeyId, secretAccessKey } = s3.options
    const store = await openBlobStore(config.value, {
      AWS_ENDPOINT_URL: endpoint,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
    })
    expect(store).toBeInstanceOf(S3BlobStore)
    await store.close()
  })
})

test.each([
  [undefined, null],
  ['bytes=0-0', { from: 0, to: 1 }],
  ['bytes=2-', { from: 2, to: 10 }],
  ['bytes=2-99', { from: 2, to: 10 }],
  ['bytes=-3', { from: 7, to: 10 }],
  ['bytes=-99', { from: 0, to: 10 }],
  ['bytes=10-', 'unsatisfiable'],
  ['bytes=-0', 'unsatisfiable'],
  ['bytes=3-2', null],
  ['bytes=-', null],
  ['bytes=0-1,3-4', null],
  ['lines=0-1', null],
  ['bytes=0-1 ', null],
])('the range %j of ten bytes is %j', (field, range) => {
  expect(parseRange(field, 10)).toEqual(range)
})

describe.each(['files', 'S3'] as const)('attachments at a relay with %s', (kind) => {
  let relay: TestRelay
  let client: RelayClient
  let ada: RequestSigner
  let session: RequestKey
  let nowMs: number | null

  async function start(options: RelayOptions = {}): Promise<void> {
    nowMs = null
    const blobs = await STORES[kind].open()
    relay = await testRelay(options, { blobs, nowMs: () => nowMs ?? Date.now() })
    client = testClient()
    ada = (await testAccount(relay, client, 'ada')).signer
    session = await openSession(relay, ada)
  }
  async function stop(): Promise<void> {
    await client.close()
    await relay.close()
  }
  async function restart(options: RelayOptions): Promise<void> {
    await stop()
    await start(options)
  }
  beforeEach(() => start())
  afterEach(stop)

  const upload = async (body: Uint8Array): Promise<string> => {
    const path = await beginUpload(relay, session, body.length)
    expect(await sendPart(relay, session, path, 0, body)).toMatchObject({ status: 204 })
    return path
  }
  const create = (headers: Record<string, string>): Promise<Answer> =>
    deviceCall(relay, session, 'POST', '/v1/blobs', {
      headers: {
        ...TUS,
        'idempotency-key': encodeBase64Url(randomBytes(16)),
        'upload-length': '10',
        ...headers,
      },
    })
  const download = (path: string, range?: string): Promise<Response> =>
    fetch(`${relay.url}${path}`, { headers: range === undefined ? {} : { range } })
  const head = (path: string): Promise<Answer> =>
    deviceCall(relay, session, 'HEAD', path, { headers: TUS })

  test('go up in parts and come down whole or in ranges', async () => {
    const body = randomBytes(2 * PART_BYTES + 1_000)
    const path = await beginUpload(relay, session, body.length)
    for (const [offset, end] of [
      [0, PART_BYTES],
      [PART_BYTES, 2 * PART_BYTES],
      [2 * PART_BYTES, body.length],
    ] as const) {
      expect((await head(path)).headers.get('upload-offset')).toBe(String(offset))
      const sent = await sendPart(relay, session, path, offset, body.subarray(offset, end))
      expect(sent.status).toBe(204)
      expect(sent.headers.get('upload-offset')).toBe(String(end))
    }
    const whole = await download(path)
    expect(whole.status).toBe(200)
    expect(new Uint8Array(await whole.arrayBuffer())).toEqual(body)
    const range = await download(path, `bytes=${PART_BYTES - 5}-${2 * PART_BYTES + 4}`)
    expect(range.status).toBe(206)
    expect(range.headers.get('content-range')).toBe(
      `bytes ${PART_BYTES - 5}-${2 * PART_BYTES + 4}/${body.length}`,
    )
    expect(new Uint8Array(await range.arrayBuffer())).toEqual(
      body.subarray(PART_BYTES - 5, 2 * PART_BYTES + 5),
    )
    const beyond = await download(path, `bytes=${body.length}-`)
    expect(beyond.status).toBe(416)
    expect(await beyond.json()).toMatchObject({ code: 'RANGE_INVALID' })
  })

  test('what tus wants is told', async () => {
    const options = await fetch(`${relay.url}/v1/blobs`, { method: 'OPTIONS' })
    expect(options.status).toBe(204)
    expect(Object.fromEntries(options.headers)).toMatchObject({
      'tus-resumable': '1.0.0',
      'tus-version': '1.0.0',
      'tus-extension': 'creation,expiration,termination',
      'tus-max-size': '104857600',
    })
    const created = await create({})
    expect(created.status).toBe(201)
    expect(created.headers.get('upload-expires')).toMatch(/GMT$/)
    const other = await create({ 'tus-resumable': '0.2.2' })
    expect(other).toMatchObject({ status: 412, code: 'UPLOAD_VERSION' })
    expect(other.headers.get('tus-version')).toBe('1.0.0')
  })

  test('beginning again is the same upload, and tells how far it is', async () => {
    const key = randomBytes(16)
    const path = await beginUpload(relay, session, 2 * PART_BYTES, key)
    await sendPart(relay, session, path, 0, randomBytes(PART_BYTES))
    const again = await create({
      'idempotency-key': encodeBase64Url(key),
      'upload-length': String(2 * PART_BYTES),
    })
    expect(again).toMatchObject({ status: 200, body: { offset: PART_BYTES } })
    expect(again.headers.get('location')).toBe(path)
    const longer = await create({ 'idempotency-key': encodeBase64Url(key), 'upload-length': '5' })
    expect(longer).toMatchObject({ status: 409, code: 'CONFLICT' })
    const ben = await openSession(relay, (await testAccount(relay, client, 'ben')).signer)
    expect(await beginUpload(relay, ben, 2 * PART_BYTES, key)).not.toBe(path)
  })

  test('are not there before they are whole', async () => {
    const path = await beginUpload(relay, session, 2 * PART_BYTES)
    await sendPart(relay, session, path, 0, randomBytes(PART_BYTES))
    expect((await download(path)).status).toBe(404)
  })

  test('are their account’s to change, and nobody’s who has no session', async () => {
    const path = await beginUpload(relay, session, 10)
    const ben = await openSession(relay, (await testAccount(relay, client, 'ben')).signer)
    const asBen = await Promise.all([
      deviceCall(relay, ben, 'HEAD', path, { headers: TUS }),
      deviceCall(relay, ben, 'DELETE', path, { headers: TUS }),
      sendPart(relay, ben, path, 0, randomBytes(10)),
    ])
    expect(asBen.map(({ status }) => status)).toEqual([404, 404, 404])
    const anonymous = await Promise.all([
      call(relay, 'POST', '/v1/blobs', {
        headers: { ...TUS, 'idempotency-key': 'A'.repeat(22), 'upload-length': '1' },
      }),
      call(relay, 'DELETE', path, { headers: TUS }),
      call(relay, 'PATCH', path, {
        headers: { ...PART, 'upload-offset': '0' },
        body: randomBytes(10),
      }),
    ])
    expect(anonymous.map(({ code }) => code)).toEqual(anonymous.map(() => 'UNAUTHORIZED'))
  })

  test('a part whose bytes are not the signed ones is thrown away', async () => {
    const path = await beginUpload(relay, session, 10)
    const headers = sessionHeaders(relay, session, 'PATCH', path, randomBytes(10))
    const forged = await call(relay, 'PATCH', path, {
      headers: { ...headers, ...PART, 'upload-offset': '0' },
      body: randomBytes(10),
    })
    expect(forged).toMatchObject({ status: 401, code: 'UNAUTHORIZED' })
    expect((await head(path)).headers.get('upload-offset')).toBe('0')
  })

  test.each([
    ['at a wrong offset', { 'upload-offset': '5' }, PART_BYTES, 409, 'CONFLICT'],
    ['beyond the end', { 'upload-offset': '0' }, 3 * PART_BYTES, 413, 'TOO_LARGE'],
    ['at an absurd offset', { 'upload-offset': '9'.repeat(15) }, 10, 413, 'TOO_LARGE'],
    ['at no offset', { 'upload-offset': '-1' }, PART_BYTES, 400, 'INVALID_INPUT'],
    ['that is too small', { 'upload-offset': '0' }, 10, 400, 'INVALID_INPUT'],
    [
      'of another type',
      { 'content-type': 'text/plain' },
      PART_BYTES,
      415,
      'UNSUPPORTED_MEDIA_TYPE',
    ],
    ['as JSON', { 'content-type': 'application/json' }, PART_BYTES, 400, 'INVALID_INPUT'],
    [
      'as plain bytes',
      { 'content-type': 'application/octet-stream' },
      PART_BYTES,
      415,
      'UNSUPPORTED_MEDIA_TYPE',
    ],
    ['of another protocol', { 'tus-resumable': '2.0.0' }, PART_BYTES, 412, 'UPLOAD_VERSION'],
  ])('a part %s is refused', async (_name, headers, length, status, code) => {
    const path = await beginUpload(relay, session, 2 * PART_BYTES)
    const answer = await sendPart(relay, session, path, 0, randomBytes(length), headers)
    expect(answer).toMatchObject({ status, code })
    expect((await head(path)).headers.get('upload-offset')).toBe('0')
  })

  test('a part larger than one request may have is refused', async () => {
    const path = await beginUpload(relay, session, 10 * 1024 * KIB)
    const answer = await sendPart(relay, session, path, 0, randomBytes(4 * 1024 * KIB + 1))
    expect(answer).toMatchObject({ status: 413, code: 'TOO_LARGE' })
    const largest = await sendPart(relay, session, path, 0, randomBytes(4 * 1024 * KIB))
    expect(largest.status).toBe(204)
  })

  test.each([
    ['without a length', { 'upload-length': '' }, 400, 'INVALID_INPUT'],
    ['of nothing', { 'upload-length': '0' }, 400, 'INVALID_INPUT'],
    ['that is too large', { 'upload-length': '104857601' }, 413, 'TOO_LARGE'],
    ['of an absurd length', { 'upload-length': '9'.repeat(400) }, 400, 'INVALID_INPUT'],
    ['of a negative length', { 'upload-length': '-5' }, 400, 'INVALID_INPUT'],
    ['with metadata', { 'upload-metadata': 'filename ZmlsZQ==' }, 400, 'INVALID_INPUT'],
    ['without a key', { 'idempotency-key': '' }, 400, 'INVALID_INPUT'],
  ])('an upload %s is refused', async (_name, headers, status, code) => {
    expect(await create(headers)).toMatchObject({ status, code })
  })

  test('parts sent at the same time: one is stored, none is mixed', async () => {
    const path = await beginUpload(relay, session, PART_BYTES)
    const bodies = Array.from({ length: 6 }, () => randomBytes(PART_BYTES))
    const answers = await Promise.all(bodies.map((body) => sendPart(relay, session, path, 0, body)))
    const stored = answers.flatMap(({ status }, index) => (status === 204 ? [index] : []))
    expect(stored).toHaveLength(1)
    for (const { status } of answers) expect([204, 409]).toContain(status)
    const whole = new Uint8Array(await (await download(path)).arrayBuffer())
    expect(whole).toEqual(bodies[stored[0] ?? 0])
  })

  test('an upload goes on after a connection that broke off', async () => {
    const body = randomBytes(PART_BYTES)
    const path = await beginUpload(relay, session, PART_BYTES)
    await new Promise<void>((resolve) => {
      const broken = request(`${relay.url}${path}`, {
        method: 'PATCH',
        headers: {
          ...sessionHeaders(relay, session, 'PATCH', path, body),
          ...PART,
          'upload-offset': '0',
          'content-length': body.length,
        },
      })
      broken.on('error', () => resolve())
      broken.write(body.subarray(0, 30_000), () => setTimeout(() => broken.destroy(), 20))
    })
    expect((await head(path)).headers.get('upload-offset')).toBe('0')
    expect(await sendPart(relay, session, path, 0, body)).toMatchObject({ status: 204 })
    expect(new Uint8Array(await (await download(path)).arrayBuffer())).toEqual(body)
  })

  test('a deleted one is gone, and makes room', async () => {
    await restart({ limits: { accountBlobBytes: 100 } })
    const path = await upload(randomBytes(60))
    expect(await create({ 'upload-length': '41' })).toMatchObject({
      status: 507,
      code: 'UPLOAD_QUOTA_REACHED',
    })
    const remove = () => deviceCall(relay, session, 'DELETE', path, { headers: TUS })
    expect((await remove()).status).toBe(204)
    expect((await remove()).status).toBe(404)
    expect((await download(path)).status).toBe(404)
    expect((await create({ 'upload-length': '100' })).status).toBe(201)
  })

  test('uploads and downloads are limited', async () => {
    await restart({
      trustProxy: true,
      rates: {
        uploads: { burst: 2, everyMs: 60_000 },
        downloads: { burst: 2, everyMs: 60_000 },
        blobDownloads: { burst: 3, everyMs: 60_000 },
      },
    })
    const path = await upload(randomBytes(10))
    expect((await create({})).status).toBe(201)
    expect(await create({})).toMatchObject({ status: 429, code: 'RATE_LIMITED' })
    const from = async (address: string): Promise<number> => {
      const headers = { 'x-forwarded-for': address }
      return (await fetch(`${relay.url}${path}`, { headers })).status
    }
    const one = '192.0.2.1'
    expect([await from(one), await from(one), await from(one)]).toEqual([200, 200, 429])
    expect([await from('192.0.2.2'), await from('192.0.2.3')]).toEqual([200, 429])
  })

  test('one that expires is gone', async () => {
    const path = await upload(randomBytes(10))
    nowMs = Date.now() + 14 * 24 * 3_600_000 + 1_000
    expect((await download(path)).status).toBe(404)
  })
})

test('a reader that stops reading an attachment is cut off', async () => {
  const relay = await testRelay({ limits: { requestTimeoutMs: 1_000 } })
  const client = testClient()
  const session = await openSession(relay, (await testAccount(relay, client, 'ada')).signer)
  const body = randomBytes(4 * 1024 * KIB)
  // More than the buffers of the operating system hold.
  const length = 10 * body.length
  const path = await beginUpload(relay, session, length)
  for (let offset = 0; offset < length; offset += body.length) {
    expect(await sendPart(relay, session, path, offset, body)).toMatchObject({ status: 204 })
  }
  const got = await new Promise<number>((resolve) => {
    request(`${relay.url}${path}`, (response) => {
      let bytes = 0
      response.on('data', (chunk: Buffer) => (bytes += chunk.length))
      response.on('close', () => resolve(bytes))
      response.on('error', () => undefined)
      response.pause()
      setTimeout(() => response.resume(), 2_500)
    }).end()
  })
  expect(got).toBeLessThan(length)
  await client.close()
  await relay.close()
})

describe('a relay whose attachment store does not work', () => {
  const FAILURES = [
    ['is full', new StorageFullError('full'), 507, 'RELAY_FULL'],
    ['is away', new BlobStoreError('away'), 503, 'OVERLOADED'],
  ] as const

  test.each(FAILURES)('(%s) refuses parts, and goes on', async (_name, cause, status, code) => {
    let works = false
    const files = await STORES.files.open()
    const relay = await testRelay(
      {},
      {
        blobs: {
          put: async (...args) => {
            if (!works) throw cause
            await files.put(...args)
          },
          get: (...args) => files.get(...args),
          remove: (key) => files.remove(key),
          close: () => files.close(),
        },
      },
    )
    const client = testClient()
    const session = await openSession(relay, (await testAccount(relay, client, 'ada')).signer)
    const body = randomBytes(PART_BYTES)
    const path = await beginUpload(relay, session, body.length)
    expect(await sendPart(relay, session, path, 0, body)).toMatchObject({ status, code })
    expect(await call(relay, 'GET', '/v1/names/ada')).toMatchObject({ status: 200 })
    works = true
    expect(await sendPart(relay, session, path, 0, body)).toMatchObject({ status: 204 })
    await client.close()
    await relay.close()
  })

  test('keeps one part, and not the others that were let go with it', async () => {
    const files = await STORES.files.open()
    const storage = memoryStorage()
    const trash = new Set(['stuck', 'first', 'second'])
    storage.blobTrash = async () => [...trash]
    storage.forgetBlobTrash = async (keys) => keys.forEach((key) => trash.delete(key))
    const blobs: BlobStore = {
      put: (...args) => files.put(...args),
      get: (...args) => files.get(...args),
      remove: async (key) => {
        if (key === 'stuck') throw new BlobStoreError('it stays')
      },
      close: () => files.close(),
    }
    const relay = await testRelay({}, { storage, blobs })
    await until(() => trash.size === 1)
    expect(trash).toEqual(new Set(['stuck']))
    await relay.close()
  })

  test('goes on behind a whole batch that the store does not let go', async () => {
    const files = await STORES.files.open()
    const storage = memoryStorage()
    let trash: readonly string[] = ['stuck', 'stuck too', 'free']
    storage.blobTrash = async () => trash.slice(0, 2)
    storage.forgetBlobTrash = async (keys) => {
      trash = trash.filter((key) => !keys.includes(key))
    }
    storage.postponeBlobTrash = async (keys) => {
      trash = [...trash.filter((key) => !keys.includes(key)), ...keys]
    }
    const blobs: BlobStore = {
      put: (...args) => files.put(...args),
      get: (...args) => files.get(...args),
      remove: async (key) => {
        if (key !== 'free') throw new BlobStoreError('it stays')
      },
      close: () => files.close(),
    }
    const relay = await testRelay({ limits: { retentionMs: 100 } }, { storage, blobs })
    await until(() => trash.length === 2)
    expect(trash).not.toContain('free')
    await relay.close()
  })

  test('expires everything else while parts cannot be removed', async () => {
    const files = await STORES.files.open()
    const storage = memoryStorage()
    const removing: string[] = []
    let expired = 0
    const relay = await testRelay(
      {},
      {
        storage: {
          ...storage,
          blobTrash: async () => [newKey()],
          expire: async () => (expired += 1),
        },
        blobs: {
          put: (...args) => files.put(...args),
          get: (...args) => files.get(...args),
          remove: (key) => {
            removing.push(key)
            return new Promise(() => undefined)
          },
          close: () => files.close(),
        },
      },
    )
    await until(() => removing.length > 0 && expired > 3)
    await relay.close()
  })

  test('does not give what is not there any more', async () => {
    const files = await STORES.files.open()
    const relay = await testRelay({}, { blobs: files })
    const client = testClient()
    const session = await openSession(relay, (await testAccount(relay, client, 'ada')).signer)
    const path = await beginUpload(relay, session, 10)
    await sendPart(relay, session, path, 0, randomBytes(10))
    for (const file of globSync(join(folder, `${stores}`, '*/*'))) rmSync(file)
    expect(await call(relay, 'GET', path)).toMatchObject({ status: 404, code: 'NOT_FOUND' })
    await client.close()
    await relay.close()
  })
})
