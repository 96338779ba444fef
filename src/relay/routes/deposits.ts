import { tokenHash } from '#crypto/delivery-token.ts'
import {
  BatchAnswer,
  DepositAnswer,
  DepositHeaders,
  EnvelopeParams,
  KnockHeaders,
} from '#protocol/relay-api.ts'
import { decodeBatch, MAX_BATCH_BYTES } from '#protocol/relay-batch.ts'
import type { RelayApp, RelayContext } from '../context.ts'
import { requesterKey } from '../rate-limits.ts'
import type { BatchTargetRecord } from '../storage-batches.ts'
import { refuse } from '../request-error.ts'
import type { DepositOutcome, MailboxLimits } from '../storage.ts'

const decode = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64url'))
const rateLimited = (waitMs: number) => ({
  code: 'RATE_LIMITED' as const,
  retryAfterMs: Math.ceil(waitMs),
})
const STORED = { stored: true as const }

/** What a sender does: leave an envelope, anonymously. */
export function depositRoutes(app: RelayApp, context: RelayContext): void {
  const { config, storage, rates, nowMs } = context
  const limits: MailboxLimits = {
    envelopes: config.limits.mailboxEnvelopes,
    bytes: config.limits.mailboxBytes,
    knocks: config.limits.mailboxKnocks,
    idleMs: config.limits.idleDeviceMs,
  }

  /** The same as {@link finish}, as a value. Who tries tokens is slowed down here, too. */
  function batchResult(result: DepositOutcome, requester: string): BatchAnswer['results'][number] {
    context.metrics.deposits.inc({ outcome: result.outcome })
    switch (result.outcome) {
      case 'stored':
        context.wakeUps.notify(result.mailbox)
        return { outcome: 'stored' }
      case 'seen':
        return { outcome: 'seen' }
      case 'refused': {
        const waitMs = rates.wait('signed', requester)
        return waitMs > 0 ? rateLimited(waitMs) : { code: 'DELIVERY_REFUSED' }
      }
      case 'mailbox-full':
        return { code: 'MAILBOX_FULL' }
    }
  }

  /** @returns the status for the sender: 201 new, 200 seen before. */
  function finish(result: DepositOutcome): 200 | 201 {
    context.metrics.deposits.inc({ outcome: result.outcome })
    switch (result.outcome) {
      case 'stored':
        context.wakeUps.notify(result.mailbox)
        return 201
      case 'seen':
        return 200
      case 'refused':
        throw refuse('DELIVERY_REFUSED')
      case 'mailbox-full':
        throw refuse('MAILBOX_FULL')
    }
  }

  function bodyOf(body: unknown): Uint8Array {
    if (!(body instanceof Uint8Array) || body.length === 0) throw refuse('INVALID_INPUT')
    return body
  }

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
      const hash = tokenHash(decode(request.headers['sotto-delivery-token']))
      const envelope = {
        tokenHash: hash,
        deviceId: Number(request.headers['sotto-device']),
        id: decode(request.params.id),
        body: bodyOf(request.body),
      }
      rates.take('deposits', Buffer.from(hash).toString('latin1'))
      const result = await storage.deposit(envelope, limits, nowMs())
      if (result.outcome === 'refused') rates.take('signed', requesterKey(request.ip))
      return reply.code(finish(result)).send(STORED)
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
      const results: BatchAnswer['results'] = []
      const admitted: { readonly place: number; readonly target: BatchTargetRecord }[] = []
      for (const [place, { id, token, deviceId }] of batch.targets.entries()) {
        const hash = tokenHash(token)
        const waitMs = rates.wait('deposits', Buffer.from(hash).toString('latin1'))
        if (waitMs > 0) results[place] = rateLimited(waitMs)
        else admitted.push({ place, target: { tokenHash: hash, deviceId, id } })
      }
      const targets = admitted.map(({ target }) => target)
      const outcomes =
        targets.length === 0
          ? []
          : await storage.depositBatch({ body: batch.body, targets }, limits, nowMs())
      for (const [index, { place }] of admitted.entries()) {
        const outcome = outcomes[index]
        if (outcome === undefined) throw new TypeError('a target has no outcome')
        results[place] = batchResult(outcome, requesterKey(request.ip))
      }
      return { results }
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
      const account = await storage.findAccount(request.headers['sotto-account'])
      const deviceId = Number(request.headers['sotto-device'])
      const device = account?.devices.find((candidate) => candidate.deviceId === deviceId)
      if (device === undefined) throw refuse('ACCOUNT_UNKNOWN')
      const knock = { mailbox: device.mailbox, id: decode(request.params.id), body }
      const result = await storage.knock(knock, limits, nowMs())
      if (result.outcome === 'refused') throw refuse('ACCOUNT_UNKNOWN')
      return reply.code(finish(result)).send(STORED)
    },
  )
}
