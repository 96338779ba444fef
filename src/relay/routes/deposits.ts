import { MAX_DEPOSIT_FRAME_BYTES } from '#protocol/deposit-frames.ts'
import {
  BatchAnswer,
  DepositAnswer,
  DepositHeaders,
  EnvelopeParams,
  KnockHeaders,
} from '#protocol/relay-api.ts'
import { decodeBatch, MAX_BATCH_BYTES } from '#protocol/relay-batch.ts'
import type { Admission } from '../admission.ts'
import type { RelayApp, RelayContext } from '../context.ts'
import { DepositDesk, type DepositResult } from '../deposit-desk.ts'
import { DepositStream } from '../deposit-stream.ts'
import { requesterKey } from '../rate-limits.ts'
import { refuse, RequestError } from '../request-error.ts'
import type { Upgrades } from '../upgrades.ts'
import { accountNamed } from './account-named.ts'

const decode = (text: string): Uint8Array => Buffer.from(text, 'base64url')
const STORED = { stored: true as const }

/** Of the WebSocket. */
export const DEPOSITS_PATH = '/v1/deposits'

/** @returns the status for the sender: 201 new, 200 seen before. */
function statusOf(result: DepositResult): 200 | 201 {
  if (!result.ok) throw new RequestError(result.error)
  return result.value === 'stored' ? 201 : 200
}

function bodyOf(body: unknown): Uint8Array {
  if (!(body instanceof Uint8Array) || body.length === 0) throw refuse('INVALID_INPUT')
  return body
}

function resultOf(result: DepositResult): BatchAnswer['results'][number] {
  if (result.ok) return { outcome: result.value }
  const { code, retryAfterMs } = result.error
  return { code, ...(retryAfterMs !== undefined && { retryAfterMs }) }
}

/** What a sender does: leave envelopes, anonymously. */
export function depositRoutes(
  app: RelayApp,
  context: RelayContext,
  upgrades: Upgrades,
  admission: Admission,
): void {
  const { config, storage, rates, nowMs } = context
  const desk = new DepositDesk(context)
  const response = { 200: DepositAnswer, 201: DepositAnswer }
  const consumes = ['application/octet-stream']

  app.put(
    '/v1/envelopes/:id',
    {
      bodyLimit: config.limits.envelopeBytes,
      schema: {
        summary: 'Deposit an envelope',
        consumes,
        params: EnvelopeParams,
        headers: DepositHeaders,
        response,
      },
    },
    async (request, reply) => {
      const { headers } = request
      const envelope = {
        token: decode(headers['sotto-delivery-token']),
        deviceId: Number(headers['sotto-device']),
        id: decode(request.params.id),
        body: bodyOf(request.body),
      }
      const result = await desk.deposit(envelope, request.ip)
      return reply.code(statusOf(result)).send(STORED)
    },
  )

  app.post(
    // The path is /v1/envelopes:batch: the router wants a colon that starts no parameter twice.
    '/v1/envelopes::batch',
    {
      bodyLimit: MAX_BATCH_BYTES,
      schema: {
        summary: 'Deposit the same envelope at many mailboxes',
        consumes,
        response: { 200: BatchAnswer },
      },
    },
    async (request) => {
      const batch = decodeBatch(bodyOf(request.body))
      if (batch === null) throw refuse('INVALID_INPUT')
      if (batch.body.length > config.limits.envelopeBytes) throw refuse('TOO_LARGE')
      return { results: (await desk.depositBatch(batch, request.ip)).map(resultOf) }
    },
  )

  app.put(
    '/v1/knocks/:id',
    {
      bodyLimit: config.limits.knockBytes,
      schema: {
        summary: 'Leave a first envelope without a token',
        consumes,
        params: EnvelopeParams,
        headers: KnockHeaders,
        response,
      },
    },
    async (request, reply) => {
      const body = bodyOf(request.body)
      rates.take('knocks', requesterKey(request.ip))
      const account = await accountNamed(storage, request.headers['sotto-account'])
      const deviceId = Number(request.headers['sotto-device'])
      const device = account.devices.find((candidate) => candidate.deviceId === deviceId)
      if (device === undefined) throw refuse('ACCOUNT_UNKNOWN')
      rates.take('knocked', String(account.id))
      const knock = { mailbox: device.mailbox, id: decode(request.params.id), body }
      const result = await storage.knock(knock, desk.limits, nowMs())
      if (result.outcome === 'refused') throw refuse('ACCOUNT_UNKNOWN')
      return reply.code(statusOf(desk.settle(result))).send(STORED)
    },
  )

  app.get(
    DEPOSITS_PATH,
    {
      schema: { hide: true },
      preHandler: async (request) => {
        upgrades.require(request)
        if (context.closing.aborted) throw refuse('OVERLOADED')
      },
    },
    (request, reply) => {
      const { log } = request
      const onError = (cause: unknown): void =>
        log.error({ cause: String(cause) }, 'deposit failed')
      const { ip } = request
      const counted = admission.open(request, 'deposits')
      upgrades.accept(request, reply, MAX_DEPOSIT_FRAME_BYTES, counted, (socket) => {
        const stream = new DepositStream(socket, desk, ip, admission.roomFor(ip), onError)
        context.depositStreams.add(stream)
        socket.once('close', () => context.depositStreams.remove(stream))
      })
    },
  )
}
