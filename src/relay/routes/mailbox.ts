import {
  AcksAnswer,
  AcksRequest,
  EnvelopesAnswer,
  PollQuery,
  TokensRequest,
} from '#protocol/relay-api.ts'
import { MAX_POLL_ENVELOPES, MAX_POLL_WAIT_SECONDS } from '#protocol/relay-limits.ts'
import { MAX_CLIENT_FRAME_BYTES } from '#protocol/relay-frames.ts'
import type { Admission } from '../admission.ts'
import type { RelayApp, RelayContext } from '../context.ts'
import { DeviceStream } from '../device-stream.ts'
import { Polls } from '../polls.ts'
import { refuse } from '../request-error.ts'
import type { MailboxId, StoredEnvelope } from '../storage.ts'
import type { Upgrades } from '../upgrades.ts'

/** Of the WebSocket. */
export const STREAM_PATH = '/v1/stream'

/** Bodies in one answer to a poll. */
const POLL_BYTES = 1024 * 1024

const decode = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64url'))
const encode = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')

function envelopeJson(envelope: StoredEnvelope): EnvelopesAnswer['envelopes'][number] {
  const { sequence, id, label, receivedAtMs, body } = envelope
  return { sequence, id: encode(id), label: encode(label), receivedAtMs, body: encode(body) }
}

/** What a device does with its own mailbox: fetch, acknowledge, and say who may deposit. */
export function mailboxRoutes(
  app: RelayApp,
  context: RelayContext,
  upgrades: Upgrades,
  admission: Admission,
): void {
  const { config, storage, auth, blocks, metrics, wakeUps, streams, nowMs } = context

  const polls = new Polls()

  /** Resolves on a hint for the mailbox, after the time, or when either side goes away. */
  function hint(mailbox: MailboxId, waitMs: number, gone: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const signal = AbortSignal.any([gone, context.closing])
      const done = (): void => {
        clearTimeout(timer)
        stop()
        signal.removeEventListener('abort', done)
        resolve()
      }
      const timer = setTimeout(done, waitMs)
      const stop = wakeUps.listen(mailbox, done)
      signal.addEventListener('abort', done)
      if (signal.aborted) done()
    })
  }

  app.get(
    '/v1/envelopes',
    {
      schema: {
        summary: 'Fetch what waits, or wait for it',
        querystring: PollQuery,
        response: { 200: EnvelopesAnswer },
      },
    },
    async (request, reply) => {
      const { mailbox, account } = auth.device(request)
      // Nobody is there to read why.
      if (!(await polls.begin(mailbox, request.raw.socket, reply.raw))) throw refuse('OVERLOADED')
      const { after = '0', limit = String(MAX_POLL_ENVELOPES), wait = '0' } = request.query
      const count = Math.min(Number(limit), MAX_POLL_ENVELOPES)
      const fetch = async (): Promise<readonly StoredEnvelope[]> => {
        // One more than asked for tells whether anything is left.
        const found = await storage.waiting(mailbox, Number(after), count + 1, POLL_BYTES)
        if (blocks.has(account)) throw refuse('ACCOUNT_BLOCKED')
        if (found === null) throw refuse('ACCOUNT_UNKNOWN')
        return found
      }
      const gone = new AbortController()
      reply.raw.once('close', () => gone.abort())
      const untilMs = nowMs() + Math.min(Number(wait), MAX_POLL_WAIT_SECONDS) * 1_000
      let found = await fetch()
      while (found.length === 0 && !gone.signal.aborted && !context.closing.aborted) {
        const leftMs = untilMs - nowMs()
        if (leftMs <= 0) break
        await hint(mailbox, leftMs, gone.signal)
        found = await fetch()
      }
      const envelopes = found.slice(0, count)
      metrics.deliveries.inc({ transport: 'poll' }, envelopes.length)
      const bytes = envelopes.reduce((sum, { body }) => sum + body.length, 0)
      // Cut short by count, or (too close to tell) by size.
      const drained = found.length <= count && bytes < POLL_BYTES - config.limits.envelopeBytes
      return { envelopes: envelopes.map(envelopeJson), drained }
    },
  )

  app.post(
    '/v1/acks',
    {
      schema: {
        summary: 'Acknowledge envelopes',
        body: AcksRequest,
        response: { 200: AcksAnswer },
      },
    },
    async (request) => {
      const { mailbox } = auth.device(request)
      const which =
        'ids' in request.body
          ? { ids: request.body.ids.map(decode) }
          : { through: request.body.through }
      const acknowledged = await storage.acknowledge(mailbox, which)
      metrics.acknowledged.inc(acknowledged)
      return { acknowledged }
    },
  )

  app.put(
    '/v1/tokens',
    { schema: { summary: 'Add and revoke delivery tokens', body: TokensRequest } },
    async (request, reply) => {
      const { account } = auth.device(request)
      const { add, revoke } = request.body
      const change = {
        add: add.map(({ hash, label, uses, expiresAtMs }) => ({
          hash: decode(hash),
          label: decode(label),
          uses: uses ?? null,
          expiresAtMs: expiresAtMs ?? null,
        })),
        revoke: revoke.map(decode),
      }
      const outcome = await storage.putTokens(account, change, config.limits.tokens, nowMs())
      if (outcome === 'gone') throw refuse('ACCOUNT_UNKNOWN')
      if (outcome === 'conflict') throw refuse('CONFLICT')
      if (outcome === 'too-many') throw refuse('TOO_LARGE')
      return reply.code(204).send()
    },
  )

  app.get(
    STREAM_PATH,
    {
      schema: { hide: true, querystring: PollQuery },
      preHandler: async (request) => {
        upgrades.require(request)
        if (context.closing.aborted) throw refuse('OVERLOADED')
        const session = auth.device(request)
        if ((await storage.waiting(session.mailbox, 0, 1, 1)) === null) {
          throw refuse('ACCOUNT_UNKNOWN')
        }
        request.mailbox = session.mailbox
      },
    },
    (request, reply) => {
      const { mailbox, log } = request
      if (mailbox === null) throw new TypeError('a stream was opened without its check')
      const after = Number(request.query.after ?? 0)
      const onError = (cause: unknown): void => log.error({ cause: String(cause) }, 'stream failed')
      const counted = admission.open(request, 'stream')
      upgrades.accept(request, reply, MAX_CLIENT_FRAME_BYTES, counted, (socket) => {
        const stream = new DeviceStream(socket, mailbox, after, {
          storage,
          metrics,
          reads: streams.reads,
          onError,
        })
        streams.add(stream)
        const stop = wakeUps.listen(mailbox, () => stream.pump())
        socket.once('close', () => {
          stop()
          streams.remove(stream)
        })
        stream.pump()
      })
    },
  )
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Of the device that opens a stream. */
    mailbox: MailboxId | null
  }
}
