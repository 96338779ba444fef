import { NAME_PATTERN } from '#protocol/address.ts'
import {
  ChainAnswer,
  ChainQuery,
  ConsistencyAnswer,
  ConsistencyQuery,
  LogHeadAnswer,
  NameParams,
} from '#protocol/relay-api.ts'
import type { RelayApp, RelayContext } from '../context.ts'
import { requesterKey } from '../rate-limits.ts'
import { refuse } from '../request-error.ts'

/** The log of device lists: its newest checkpoint, proofs between checkpoints, and what it says about a name. */
export function keyLogRoutes(app: RelayApp, { keyLog, rates }: RelayContext): void {
  app.get(
    '/v1/log',
    { schema: { summary: 'The newest checkpoint of the log', response: { 200: LogHeadAnswer } } },
    async (request) => {
      rates.take('lookups', requesterKey(request.ip))
      return keyLog.head()
    },
  )

  app.get(
    '/v1/log/consistency',
    {
      schema: {
        summary: 'That the log of one size begins with that of another',
        querystring: ConsistencyQuery,
        response: { 200: ConsistencyAnswer },
      },
    },
    async (request) => {
      rates.take('lookups', requesterKey(request.ip))
      const { from, to } = request.query
      const path = await keyLog.consistency(Number(from), Number(to))
      if (path === null) throw refuse('NOT_FOUND')
      return { path }
    },
  )

  app.get(
    '/v1/log/names/:name',
    {
      schema: {
        summary: 'What the log says about a name, now or at an earlier size',
        params: NameParams,
        querystring: ChainQuery,
        response: { 200: ChainAnswer },
      },
    },
    async (request) => {
      rates.take('lookups', requesterKey(request.ip))
      const { name } = request.params
      if (!NAME_PATTERN.test(name)) throw refuse('NAME_INVALID')
      const { size, after } = request.query
      const log = await keyLog.proof(name, {
        ...(size !== undefined && { size: Number(size) }),
        ...(after !== undefined && { after: Number(after) }),
      })
      if (log === null) throw refuse('ACCOUNT_UNKNOWN')
      return { log }
    },
  )
}
