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
import { requesterKey } from '../rate-limits.ts'
import { refuse } from '../request-error.ts'
import type { GroupLimits } from '../storage-groups.ts'

/** Bodies in one answer. */
const ANSWER_BYTES = 1024 * 1024
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
      if (!(body instanceof Uint8Array) || body.length === 0) throw refuse('INVALID_INPUT')
      const commit = {
        group: decode(request.params.id),
        epoch: Number(headers['sotto-epoch']),
        tokenHash: groupTokenHash(decode(headers['sotto-group-token'])),
        nextTokenHash: decode(headers['sotto-next-token-hash']),
        body,
      }
      rates.take('groupCommits', `${latin1(commit.group)}${latin1(commit.tokenHash)}`)
      let outcome = await storage.putCommit(commit, limits, false, nowMs())
      if (outcome === 'unknown') {
        rates.take('groups', requesterKey(request.ip))
        outcome = await storage.putCommit(commit, limits, true, nowMs())
      }
      switch (outcome) {
        case 'stored':
          return reply.code(201).send(STORED)
        case 'seen':
          return reply.code(200).send(STORED)
        case 'conflict':
          throw refuse('CONFLICT')
        case 'refused':
          rates.take('signed', requesterKey(request.ip))
          throw refuse('FORBIDDEN')
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
