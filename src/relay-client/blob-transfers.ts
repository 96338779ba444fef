import type { Clock, NetworkError, Random, RelayHost, RequestSigner } from '#core/ports.ts'
import type { RelayBlobs, StoredBlob } from '#core/relay-ports.ts'
import { BlobAnswer } from '#protocol/relay-api.ts'
import { MAX_BLOB_PART_BYTES, MIN_BLOB_PART_BYTES, TUS_VERSION } from '#protocol/relay-limits.ts'
import { decodeBase64Url, encodeBase64Url } from '#shared/bytes.ts'
import { failure, type ErrorCode, type Failure } from '#shared/errors.ts'
import { err, ok, type Result } from '#shared/result.ts'
import { backoffMs } from './backoff.ts'
import { parseNothing, type Caller, type CallResult } from './caller.ts'
import { answerParser } from './http.ts'
import { PieceSize } from './piece-size.ts'

type Upload = Parameters<RelayBlobs['uploadBlob']>[2]
type Download = Parameters<RelayBlobs['downloadBlob']>[1]
type UploadCode = 'UNAUTHORIZED' | 'TOO_LARGE' | 'CONFLICT' | 'RELAY_FULL' | 'UPLOAD_QUOTA_REACHED'

const ANONYMOUS = { kind: 'anonymous' } as const
const TUS = { 'tus-resumable': TUS_VERSION } as const
const PART_TYPE = 'application/offset+octet-stream'
/** One answer is at most 4 MiB, its head included. */
const MAX_DOWNLOAD_PIECE_BYTES = 2 * 1024 * 1024
const PIECE_TIMEOUT_MS = 60_000
/** Tries that failed in a row, after which a transfer gives up. */
const MAX_FAILURES = 6
/** After these, the same may work in a moment. */
const PASSING: readonly ErrorCode[] = [
  'RELAY_UNREACHABLE',
  'RELAY_BAD_ANSWER',
  'RATE_LIMITED',
  'OVERLOADED',
] satisfies NetworkError[]

const parseBlob = answerParser(BlobAnswer)

interface UploadState extends StoredBlob {
  readonly offset: number
}

/** Uploads and downloads in pieces (RELAY-API §13), so that an interruption costs one piece. */
export class BlobTransfers {
  readonly #caller: Caller
  readonly #clock: Clock
  readonly #random: Random

  constructor(caller: Caller, clock: Clock, random: Random) {
    this.#caller = caller
    this.#clock = clock
    this.#random = random
  }

  async upload(
    host: RelayHost,
    signer: RequestSigner,
    upload: Upload,
  ): CallResult<StoredBlob, UploadCode> {
    const size = new PieceSize(MIN_BLOB_PART_BYTES, MAX_BLOB_PART_BYTES)
    let failures = 0
    let state: UploadState | null = null
    for (;;) {
      if (state?.offset === upload.length) {
        return ok({ id: state.id, expiresAtMs: state.expiresAtMs })
      }
      const startedAtMs = this.#clock.nowMs()
      const step: Result<UploadState, Failure<UploadCode | NetworkError>> = state === null
        ? await this.#begin(host, signer, upload)
        : await this.#sendPiece(host, signer, upload, state, size.bytes)
      if (step.ok) {
        if (state !== null) size.succeeded(this.#clock.nowMs() - startedAtMs)
        state = step.value
        failures = 0
        upload.progressed?.(state.offset)
        continue
      }
      failures += 1
      size.failed()
      // Where the relay has another idea of the offset, or has forgotten the upload, it is asked.
      const isAsked = state !== null && step.error.code === 'CONFLICT'
      if (failures === MAX_FAILURES || !(isAsked || PASSING.includes(step.error.code))) return step
      if (!isAsked) await this.#pause(failures, step.error, upload.signal)
      if (upload.signal?.aborted) return err(failure('CANCELLED'))
      state = null
    }
  }

  async download(host: RelayHost, download: Download): CallResult<void, 'NOT_FOUND'> {
    const size = new PieceSize(MIN_BLOB_PART_BYTES, MAX_DOWNLOAD_PIECE_BYTES)
    let failures = 0
    for (let offset = download.from; offset < download.length;) {
      const startedAtMs = this.#clock.nowMs()
      const end = Math.min(offset + size.bytes, download.length)
      const piece = await this.#fetchPiece(host, download, offset, end)
      if (piece.ok) {
        await download.write(piece.value, offset)
        offset = end
        failures = 0
        size.succeeded(this.#clock.nowMs() - startedAtMs)
        continue
      }
      failures += 1
      size.failed()
      if (failures === MAX_FAILURES || !PASSING.includes(piece.error.code)) return piece
      await this.#pause(failures, piece.error, download.signal)
      if (download.signal?.aborted) return err(failure('CANCELLED'))
    }
    return ok(undefined)
  }

  async delete(
    host: RelayHost,
    signer: RequestSigner,
    id: Uint8Array,
  ): CallResult<void, 'UNAUTHORIZED'> {
    const deleted = await this.#caller.call(host, {
      method: 'DELETE',
      path: blobPath(id),
      auth: { kind: 'device', signer },
      headers: TUS,
      parse: parseNothing,
      codes: ['UNAUTHORIZED', 'NOT_FOUND'],
      translate: { RELAY_FULL: 'OVERLOADED' },
    })
    if (deleted.ok || deleted.error.code === 'NOT_FOUND') return ok(undefined)
    return err({ ...deleted.error, code: deleted.error.code })
  }

  /** Begins an upload, or learns how far it is. */
  #begin(
    host: RelayHost,
    signer: RequestSigner,
    { key, length, signal }: Upload,
  ): CallResult<UploadState, UploadCode> {
    return this.#caller.call(host, {
      method: 'POST',
      path: '/v1/blobs',
      auth: { kind: 'device', signer },
      headers: {
        ...TUS,
        'idempotency-key': encodeBase64Url(key),
        'upload-length': String(length),
      },
      ...(signal && { signal }),
      parse: (body) => {
        const answer = parseBlob(body)
        const id = answer && decodeBase64Url(answer.id)
        if (answer?.length !== length || answer.offset > length || id === null) return null
        return { id, offset: answer.offset, expiresAtMs: answer.expiresAtMs }
      },
      codes: ['UNAUTHORIZED', 'TOO_LARGE', 'CONFLICT', 'RELAY_FULL', 'UPLOAD_QUOTA_REACHED'],
      translate: { ACCOUNT_UNKNOWN: 'UNAUTHORIZED' },
    })
  }

  async #sendPiece(
    host: RelayHost,
    signer: RequestSigner,
    upload: Upload,
    state: UploadState,
    wantedBytes: number,
  ): CallResult<UploadState, UploadCode> {
    const { offset } = state
    const left = upload.length - offset
    const bytes = await upload.read(offset, Math.min(wantedBytes, left))
    const end = offset + bytes.length
    return this.#caller.call(host, {
      method: 'PATCH',
      path: blobPath(state.id),
      auth: { kind: 'device', signer },
      headers: { ...TUS, 'content-type': PART_TYPE, 'upload-offset': String(offset) },
      bytes,
      timeoutMs: PIECE_TIMEOUT_MS,
      ...(upload.signal && { signal: upload.signal }),
      parse: (_body, headers) => {
        if (headers['upload-offset'] !== String(end)) return null
        const expiresAtMs = Date.parse(String(headers['upload-expires']))
        return Number.isNaN(expiresAtMs) ? null : { ...state, offset: end, expiresAtMs }
      },
      codes: ['UNAUTHORIZED', 'TOO_LARGE', 'CONFLICT', 'RELAY_FULL'],
      translate: { NOT_FOUND: 'CONFLICT' },
    })
  }

  #fetchPiece(
    host: RelayHost,
    { id, length, signal }: Download,
    from: number,
    to: number,
  ): CallResult<Uint8Array, 'NOT_FOUND'> {
    return this.#caller.call(host, {
      method: 'GET',
      path: blobPath(id),
      auth: ANONYMOUS,
      headers: { range: `bytes=${from}-${to - 1}` },
      wantsBytes: true,
      timeoutMs: PIECE_TIMEOUT_MS,
      ...(signal && { signal }),
      parse: (body, headers) => {
        const range = `bytes ${from}-${to - 1}/${length}`
        if (!(body instanceof Uint8Array) || body.length !== to - from) return null
        return headers['content-range'] === range ? body : null
      },
      codes: ['NOT_FOUND'],
      translate: { RANGE_INVALID: 'NOT_FOUND' },
    })
  }

  /** Waits before the next try, as long as the relay asks for, or until it is cancelled. */
  #pause(failures: number, { retryAfterMs }: Failure, signal: AbortSignal | undefined) {
    return new Promise<void>((resolve) => {
      const done = (): void => {
        cancel()
        signal?.removeEventListener('abort', done)
        resolve()
      }
      const delayMs = Math.max(retryAfterMs ?? 0, backoffMs(failures, this.#random))
      const cancel = this.#clock.schedule(delayMs, done)
      signal?.addEventListener('abort', done)
      if (signal?.aborted) done()
    })
  }
}

function blobPath(id: Uint8Array): string {
  return `/v1/blobs/${encodeBase64Url(id)}`
}
