import { tokenHash } from '#crypto/delivery-token.ts'
import { DepositAnswer, DepositHeaders, EnvelopeParams, KnockHeaders } from '#protocol/relay-api.ts'
import type { RelayApp, RelayContext } from '../context.ts'
import { requesterKey } from '../rate-limits.ts'
import { refuse } from '../request-error.ts'
import type { DepositOutcome, MailboxLimits } from '../storage.ts'

const decode = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64url'))
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
