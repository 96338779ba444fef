import { groupTokenHash } from '#crypto/group-token.ts'
import {
  CommitHeaders,
  CommitsAnswer,
  CommitsHeaders,
  CommitsQuery,
  DepositAnswer,
  GroupParams,
} from '#protocol/relay-api.ts'
import { MAX_COMMITS_PER_ANSWER } from '#protocol/relay-limits.ts'
import type { RelayApp, RelayContext } from '../context.ts'
import { diskFreeBytes } from '../data-folder.ts'
import { requesterKey } from '../rate-limits.ts'
import { refuse } from '../request-error.ts'
import type { GroupLimits } from '../storage-groups.ts'

/** Bodies in one answer: anybody may ask, and need not read it. */
const ANSWER_BYTES = 512 * 1024
const STORED = { stored: true as const }

const decode = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64url'))
const encode = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')
const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')

/** Puts the commits of groups in an order; knows neither the groups' members nor what a commit does. */
export function groupRoutes(app: RelayApp, context: RelayContext): void {
  const { config, storage, rates, nowMs } = context
  const limits: GroupLimits = {
    commits: config.limits.groupCommits,
    bytes: config.limits.groupBytes,
  }
  // A cluster has disks of its own.
  const folder = config.database === null ? config.dataDir : null

  /** Groups need no account: whatever they fill, messages still get through. */
  async function hasRoom(): Promise<boolean> {
    const freeBytes = folder === null ? null : await diskFreeBytes(folder)
    return freeBytes === null || freeBytes >= config.limits.groupReserveBytes
  }

  app.post(
    '/v1/groups/:id/commits',
    {
      bodyLimit: config.limits.groupCommitBytes,
      schema: {
        summary: 'Move a group to its next epoch',
        consumes: ['application/octet-stream'],
        params: GroupParams,
        headers: CommitHeaders,
        response: { 200: DepositAnswer, 201: DepositAnswer },
      },
    },
    async (request, reply) => {
      const { headers, body } = request
      const requester = requesterKey(request.ip)
      rates.take('signed', requester)
      if (!(body instanceof Uint8Array) || body.length === 0) throw refuse('INVALID_INPUT')
      const commit = {
        group: decode(request.params.id),
        epoch: Number(headers['sotto-epoch']),
        tokenHash: groupTokenHash(decode(headers['sotto-group-token'])),
        nextTokenHash: decode(headers['sotto-next-token-hash']),
        body,
      }
      // Not by the token, which each commit replaces; nor by the group alone, lest those removed hold up the others.
      rates.take('groupCommits', `${requester} ${latin1(commit.group)}`)
      const mayAdd = (await hasRoom()) ? 'commit' : 'nothing'
      let outcome = await storage.putCommit(commit, limits, mayAdd, nowMs())
      if (outcome === 'unknown') {
        if (mayAdd === 'nothing') throw refuse('RELAY_FULL')
        rates.take('groups', requester)
        outcome = await storage.putCommit(commit, limits, 'group', nowMs())
      }
      switch (outcome) {
        case 'stored':
          return reply.code(201).send(STORED)
        case 'seen':
          return reply.code(200).send(STORED)
        case 'conflict':
          throw refuse('CONFLICT')
        case 'refused':
          throw refuse('FORBIDDEN')
        case 'full':
          throw refuse('RELAY_FULL')
        case 'unknown':
          throw new TypeError('a group was not made')
      }
    },
  )

  app.get(
    '/v1/groups/:id/commits',
    {
      schema: {
        summary: "A group's commits after an epoch",
        params: GroupParams,
        headers: CommitsHeaders,
        querystring: CommitsQuery,
        response: { 200: CommitsAnswer },
      },
    },
    async (request) => {
      rates.take('lookups', requesterKey(request.ip))
      const { after } = request.query
      const found = await storage.commits(
        decode(request.params.id),
        groupTokenHash(decode(request.headers['sotto-group-token'])),
        after === undefined ? 0 : Number(after) + 1,
        MAX_COMMITS_PER_ANSWER + 1,
        ANSWER_BYTES,
      )
      if (found === null) throw refuse('NOT_FOUND')
      const commits = found.slice(0, MAX_COMMITS_PER_ANSWER)
      const bytes = commits.reduce((sum, { body }) => sum + body.length, 0)
      // Cut short by count, or (too close to tell) by size.
      const complete =
        found.length <= MAX_COMMITS_PER_ANSWER &&
        bytes < ANSWER_BYTES - config.limits.groupCommitBytes
      return {
        commits: commits.map(({ epoch, receivedAtMs, body }) => ({
          epoch,
          receivedAtMs,
          body: encode(body),
        })),
        complete,
      }
    },
  )
}
