import type { FastifyReply, FastifyRequest } from 'fastify'
import { Readable } from 'node:stream'
import { hmacSha256 } from '#crypto/hkdf.ts'
import { randomBytes, Sha256Stream } from '#crypto/primitives.ts'
import { contentDigest } from '#protocol/http-signature.ts'
import {
  BlobAnswer,
  BlobCreationHeaders,
  BlobParams,
  BlobPartHeaders,
} from '#protocol/relay-api.ts'
import {
  BLOB_ID_BYTES,
  MAX_BLOB_PART_BYTES,
  MIN_BLOB_PART_BYTES,
  TUS_VERSION,
} from '#protocol/relay-limits.ts'
import { concatBytes, encodeHex, encodeUtf8 } from '#shared/bytes.ts'
import { failure } from '#shared/errors.ts'
import { BlobMissingError } from '../blobs/blob-store.ts'
import { parseRange } from '../blobs/range.ts'
import type { RelayApp, RelayContext } from '../context.ts'
import { DOWNLOAD_UNIT_BYTES, Downloads } from '../downloads.ts'
import { requesterKey } from '../rate-limits.ts'
import { refuse, RequestError, RETRY_WHEN_UNAVAILABLE_MS } from '../request-error.ts'
import type { AccountId } from '../storage.ts'
import type { BlobPart, BlobRecord } from '../storage-blobs.ts'

/** Content type of an upload's part (tus 1.0.0). */
export const PART_TYPE = 'application/offset+octet-stream'
const EXTENSIONS = 'creation,expiration,termination'
const ID_LABEL = encodeUtf8('sotto relay blob id v1\0')
const KEY_BYTES = 16

const decode = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64url'))
const encode = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')

/** Attachments: resumable upload by tus 1.0.0, download by whoever knows the id (RELAY-API §13). */
export function blobRoutes(app: RelayApp, context: RelayContext): void {
  const { config, storage, blobs, auth, rates, nowMs } = context
  const { limits } = config
  const downloads = new Downloads()

  /** Unguessable, and the same for the same upload of the same account, so that creating it again changes nothing. */
  function blobId(account: AccountId, idempotencyKey: string): Uint8Array {
    const name = encodeUtf8(`${account} ${idempotencyKey}`)
    return hmacSha256(storage.secret, concatBytes(ID_LABEL, name)).subarray(0, BLOB_ID_BYTES)
  }

  async function ownBlob(id: string, account: AccountId): Promise<BlobRecord> {
    const blob = await storage.findBlob(decode(id), nowMs())
    if (blob?.account !== account) throw refuse('NOT_FOUND')
    return blob
  }

  /** Every answer about an upload says which protocol this is; so must every request. */
  async function speakTus(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    reply.header('tus-resumable', TUS_VERSION)
    if (request.headers['tus-resumable'] === TUS_VERSION) return
    reply.header('tus-version', TUS_VERSION)
    throw refuse('UPLOAD_VERSION')
  }

  function tellState(reply: FastifyReply, blob: BlobRecord): FastifyReply {
    return reply.headers({
      'upload-offset': blob.offset,
      'upload-length': blob.length,
      'upload-expires': new Date(blob.expiresAtMs).toUTCString(),
      'cache-control': 'no-store',
    })
  }

  app.options(
    '/v1/blobs',
    { schema: { summary: 'What the relay knows of tus' } },
    async (_request, reply) =>
      reply
        .headers({
          'tus-resumable': TUS_VERSION,
          'tus-version': TUS_VERSION,
          'tus-extension': EXTENSIONS,
          'tus-max-size': limits.blobBytes,
        })
        .code(204)
        .send(),
  )

  app.post(
    '/v1/blobs',
    {
      onRequest: speakTus,
      schema: {
        summary: 'Begin an upload, or ask how far it is',
        headers: BlobCreationHeaders,
        response: { 200: BlobAnswer, 201: BlobAnswer },
      },
    },
    async (request, reply) => {
      const { account } = auth.device(request)
      const { headers } = request
      // The relay is not to learn file names or types.
      if (headers['upload-metadata'] !== undefined) throw refuse('INVALID_INPUT')
      const length = Number(headers['upload-length'])
      if (length === 0) throw refuse('INVALID_INPUT')
      if (length > limits.blobBytes) throw refuse('TOO_LARGE')
      rates.take('uploads', String(account))
      const id = blobId(account, headers['idempotency-key'])
      const creation = await storage.createBlob(
        { id, account, length, expiresAtMs: nowMs() + limits.blobUploadMs },
        { blobs: limits.accountBlobs, bytes: limits.accountBlobBytes },
        nowMs(),
      )
      switch (creation.outcome) {
        case 'conflict':
          throw refuse('CONFLICT')
        case 'quota':
          throw refuse('UPLOAD_QUOTA_REACHED')
        case 'gone':
          throw refuse('ACCOUNT_UNKNOWN')
        case 'created':
        case 'existing': {
          const { blob, outcome } = creation
          const { offset, expiresAtMs } = blob
          return tellState(reply, blob)
            .header('location', `/v1/blobs/${encode(id)}`)
            .code(outcome === 'created' ? 201 : 200)
            .send({ id: encode(id), length, offset, expiresAtMs })
        }
      }
    },
  )

  app.head(
    '/v1/blobs/:id',
    { onRequest: speakTus, schema: { summary: 'How far an upload is', params: BlobParams } },
    async (request, reply) => {
      const { account } = auth.device(request)
      return tellState(reply, await ownBlob(request.params.id, account)).send()
    },
  )

  app.patch(
    '/v1/blobs/:id',
    {
      onRequest: speakTus,
      schema: {
        summary: 'Add a part to an upload',
        consumes: [PART_TYPE],
        params: BlobParams,
        headers: BlobPartHeaders,
      },
    },
    async (request, reply) => {
      const { session, digest } = auth.deviceBeforeBody(request)
      const { body, headers } = request
      if (!(body instanceof Readable)) throw refuse('UNSUPPORTED_MEDIA_TYPE')
      const blob = await ownBlob(request.params.id, session.account)
      const offset = Number(headers['upload-offset'])
      const length = Number(headers['content-length'])
      if (length > MAX_BLOB_PART_BYTES || offset + length > blob.length) throw refuse('TOO_LARGE')
      const isRest = offset + length === blob.length
      if (length === 0 || (length < MIN_BLOB_PART_BYTES && !isRest)) throw refuse('INVALID_INPUT')
      if (offset !== blob.offset) throw refuse('CONFLICT')
      rates.take('uploadParts', String(session.account))
      const now = await receive(blob, body, length, digest)
      return tellState(reply, now).code(204).send()
    },
  )

  /** Stores one part: durable in the store, then in the database. */
  async function receive(
    blob: BlobRecord,
    body: Readable,
    length: number,
    digest: string,
  ): Promise<BlobRecord> {
    const key = encodeHex(randomBytes(KEY_BYTES))
    const begun = await storage.beginBlobPart({ blob: blob.id, key, offset: blob.offset }, nowMs())
    if (begun !== 'begun') throw refuse(begun === 'gone' ? 'NOT_FOUND' : 'CONFLICT')
    const hash = new Sha256Stream()
    try {
      await blobs.put(key, Readable.from(hashed(body, hash), { objectMode: false }), length)
    } catch (cause) {
      await storage.abandonBlobPart(key)
      // It was the device that stopped, not the store.
      if (body.destroyed && !body.readableEnded) throw refuse('INVALID_INPUT')
      throw cause
    }
    if (contentDigest(hash.digest()) !== digest) {
      await storage.abandonBlobPart(key)
      throw refuse('UNAUTHORIZED')
    }
    const now = await storage.finishBlobPart({ key, length }, nowMs() + limits.blobRetentionMs)
    if (now === null) throw refuse('CONFLICT')
    return now
  }

  app.delete(
    '/v1/blobs/:id',
    { onRequest: speakTus, schema: { summary: 'Remove an attachment', params: BlobParams } },
    async (request, reply) => {
      const { account } = auth.device(request)
      if (!(await storage.deleteBlob(decode(request.params.id), account))) throw refuse('NOT_FOUND')
      return reply.code(204).send()
    },
  )

  app.get(
    '/v1/blobs/:id',
    { schema: { summary: 'Download an attachment, or a range of it', params: BlobParams } },
    async (request, reply) => {
      const requester = requesterKey(request.ip)
      rates.take('downloads', requester)
      const { id } = request.params
      const blob = await storage.findBlob(decode(id), nowMs())
      if (blob === null || blob.offset < blob.length) throw refuse('NOT_FOUND')
      const range = parseRange(request.headers.range, blob.length)
      if (range === 'unsatisfiable') {
        reply.header('content-range', `bytes */${blob.length}`)
        throw refuse('RANGE_INVALID')
      }
      const { from, to } = range ?? { from: 0, to: blob.length }
      for (let bytes = from; bytes < to; bytes += DOWNLOAD_UNIT_BYTES) {
        rates.take('blobDownloads', id)
        if (bytes > from) rates.take('downloads', requester)
      }
      if (!downloads.begin(rates.byAddress ? requester : null, reply.raw, to - from)) {
        throw new RequestError(failure('OVERLOADED', { retryAfterMs: RETRY_WHEN_UNAVAILABLE_MS }))
      }
      const body = await read(await storage.blobParts(blob.id, from, to), from, to)
      // A reader that has stopped reading is not waited for.
      reply.raw.setTimeout(limits.requestTimeoutMs, () => reply.raw.destroy())
      return reply
        .code(range === null ? 200 : 206)
        .headers({
          'content-type': 'application/octet-stream',
          'content-length': to - from,
          'accept-ranges': 'bytes',
          'cache-control': 'private, max-age=86400, immutable',
          'content-disposition': 'attachment',
          'x-content-type-options': 'nosniff',
          ...(range !== null && { 'content-range': `bytes ${from}-${to - 1}/${blob.length}` }),
        })
        .send(body)
    },
  )

  /** The bytes of a range, one part after the other. The first is opened before anything is answered. */
  async function read(parts: readonly BlobPart[], from: number, to: number): Promise<Readable> {
    const open = (part: BlobPart): Promise<Readable> =>
      blobs.get(part.key, Math.max(from - part.offset, 0), Math.min(to - part.offset, part.length))
    const [first, ...others] = parts
    if (first === undefined) throw refuse('NOT_FOUND')
    try {
      const opened = await open(first)
      const joined = Readable.from(oneAfterTheOther(opened, others, open), { objectMode: false })
      // Also where nothing of it is ever read.
      return joined.once('close', () => opened.destroy())
    } catch (cause) {
      // A store restored without its newest files: as good as expired.
      if (cause instanceof BlobMissingError) throw refuse('NOT_FOUND')
      throw cause
    }
  }
}

async function* oneAfterTheOther(
  first: Readable,
  others: readonly BlobPart[],
  open: (part: BlobPart) => Promise<Readable>,
): AsyncGenerator<Uint8Array> {
  yield* first
  for (const part of others) yield* await open(part)
}

async function* hashed(body: Readable, hash: Sha256Stream): AsyncGenerator<Uint8Array> {
  // Where the store fails, the rest is left to the server to read, so that its answer gets through.
  const chunks: AsyncIterable<Uint8Array> = body.iterator({ destroyOnReturn: false })
  for await (const chunk of chunks) {
    hash.update(chunk)
    yield chunk
  }
}
