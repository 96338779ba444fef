import { NAME_PATTERN } from '#protocol/address.ts'
import { STREAM_CLOSE } from '#protocol/relay-frames.ts'
import { decodeHex } from '#shared/bytes.ts'
import manifest from '../../../package.json' with { type: 'json' }
import type { RelayApp, RelayContext } from '../context.ts'
import { generateInviteCode, inviteCodeHash, inviteId } from '../invite-code.ts'
import { refuse } from '../request-error.ts'
import type { AccountDetails } from '../storage-admin.ts'
import {
  AccountAnswer,
  AccountsAnswer,
  AccountsQuery,
  BlockRequest,
  InviteAnswer,
  InviteParams,
  InviteRequest,
  InvitesAnswer,
  InvitesQuery,
  MAX_PAGE,
  NameParams,
  NamesAnswer,
  NamesQuery,
  QuotasRequest,
  StatisticsAnswer,
} from './api.ts'

const DEFAULT_PAGE = 100
const HASH_BYTES = 32

const pageSize = (limit: string | undefined): number =>
  Math.min(Number(limit ?? DEFAULT_PAGE), MAX_PAGE)

/** The first or last hash that has the id. */
function hashBound(id: string, fill: number): Uint8Array {
  const hash = new Uint8Array(HASH_BYTES).fill(fill)
  hash.set(decodeHex(id) ?? [])
  return hash
}

/** What the operator may ask and change. Whoever reaches the socket may: there are no signatures. */
export function adminRoutes(app: RelayApp, context: RelayContext, startedAtMs: number): void {
  const { storage, streams, blocks, wakeUps, nowMs } = context

  async function accountNamed(name: string): Promise<AccountDetails> {
    const account = await storage.describeAccount(name)
    if (account === null) throw refuse('ACCOUNT_UNKNOWN')
    return account
  }

  function accountJson(account: AccountDetails): AccountAnswer {
    const { name, createdAtMs, blockedAtMs, quotas, tokens } = account
    const devices = account.devices.map(({ deviceId, mailbox, ...device }) => ({
      id: deviceId,
      connected: streams.has(mailbox),
      ...device,
    }))
    return { name, createdAtMs, blockedAtMs, quotas: { ...quotas }, tokens, devices }
  }

  app.get('/v1/statistics', { schema: { response: { 200: StatisticsAnswer } } }, async () => {
    const { registrations, ...counted } = await storage.statistics(nowMs())
    return {
      version: manifest.version,
      uptimeMs: Math.max(0, nowMs() - startedAtMs),
      streams: streams.size,
      restoredAtMs: storage.restoredAtMs,
      registrations: [...registrations],
      ...counted,
    }
  })

  app.get(
    '/v1/invites',
    { schema: { querystring: InvitesQuery, response: { 200: InvitesAnswer } } },
    async ({ query }) => {
      const after = query.after === undefined ? null : hashBound(query.after, 0xff)
      const found = await storage.listInvites(after, pageSize(query.limit), nowMs())
      const invites = found.map(({ hash, usesLeft, expiresAtMs }) => ({
        id: inviteId(hash),
        usesLeft,
        expiresAtMs,
      }))
      return { invites }
    },
  )

  app.post(
    '/v1/invites',
    { schema: { body: InviteRequest, response: { 201: InviteAnswer } } },
    async ({ body }, reply) => {
      const code = generateInviteCode()
      const hash = inviteCodeHash(code)
      await storage.addInviteCode(hash, body.uses, body.expiresAtMs)
      return reply.code(201).send({ id: inviteId(hash), code, ...body })
    },
  )

  app.delete('/v1/invites/:id', { schema: { params: InviteParams } }, async (request, reply) => {
    const { id } = request.params
    const [first] = await storage.listInvites(hashBound(id, 0), 1, nowMs())
    if (first === undefined || inviteId(first.hash) !== id) throw refuse('NOT_FOUND')
    if (!(await storage.revokeInvite(first.hash))) throw refuse('NOT_FOUND')
    return reply.code(204).send()
  })

  app.get(
    '/v1/accounts',
    { schema: { querystring: AccountsQuery, response: { 200: AccountsAnswer } } },
    async ({ query }) => {
      const { prefix = '', after = null, limit } = query
      return { accounts: [...(await storage.listAccounts(prefix, after, pageSize(limit)))] }
    },
  )

  app.get(
    '/v1/accounts/:name',
    { schema: { params: NameParams, response: { 200: AccountAnswer } } },
    async ({ params }) => accountJson(await accountNamed(params.name)),
  )

  app.delete('/v1/accounts/:name', { schema: { params: NameParams } }, async (request, reply) => {
    const account = await accountNamed(request.params.name)
    await storage.deleteAccount(account.id)
    for (const { mailbox } of account.devices) {
      streams.closeMailbox(mailbox, STREAM_CLOSE.accountDeleted)
      wakeUps.notify(mailbox)
    }
    return reply.code(204).send()
  })

  app.put(
    '/v1/accounts/:name/quotas',
    { schema: { params: NameParams, body: QuotasRequest, response: { 200: AccountAnswer } } },
    async ({ params, body }) => {
      const { id } = await accountNamed(params.name)
      if (!(await storage.setQuotas(id, body))) throw refuse('ACCOUNT_UNKNOWN')
      return accountJson(await accountNamed(params.name))
    },
  )

  app.put(
    '/v1/accounts/:name/block',
    { schema: { params: NameParams, body: BlockRequest, response: { 200: AccountAnswer } } },
    async ({ params, body }) => {
      const { id, blockedAtMs } = await accountNamed(params.name)
      const atMs = body.blocked ? (blockedAtMs ?? nowMs()) : null
      if (!(await storage.setBlocked(id, atMs))) throw refuse('ACCOUNT_UNKNOWN')
      await blocks.refresh()
      return accountJson(await accountNamed(params.name))
    },
  )

  app.get(
    '/v1/reserved-names',
    { schema: { querystring: NamesQuery, response: { 200: NamesAnswer } } },
    async ({ query }) => ({
      names: [...(await storage.reservedNames(query.after ?? null, pageSize(query.limit)))],
    }),
  )

  app.put(
    '/v1/reserved-names/:name',
    { schema: { params: NameParams } },
    async (request, reply) => {
      const { name } = request.params
      if (!NAME_PATTERN.test(name)) throw refuse('NAME_INVALID')
      await storage.reserveName(name)
      return reply.code(204).send()
    },
  )

  app.delete(
    '/v1/reserved-names/:name',
    { schema: { params: NameParams } },
    async (request, reply) => {
      if (!(await storage.releaseName(request.params.name))) throw refuse('NOT_FOUND')
      return reply.code(204).send()
    },
  )
}
