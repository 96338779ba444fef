import type { RelayHost } from '#core/ports.ts'
import type { BatchOutcome, RelayBatches } from '#core/relay-ports.ts'
import { BatchAnswer } from '#protocol/relay-api.ts'
import { encodeBatch } from '#protocol/relay-batch.ts'
import { failure } from '#shared/errors.ts'
import { err, ok } from '#shared/result.ts'
import type { Caller, CallResult } from './caller.ts'
import { answerParser } from './http.ts'

const parseBatch = answerParser(BatchAnswer)

function outcome(result: BatchAnswer['results'][number]): BatchOutcome | null {
  if ('outcome' in result) return ok(undefined)
  const { code, retryAfterMs } = result
  if (code !== 'DELIVERY_REFUSED' && code !== 'MAILBOX_FULL' && code !== 'RATE_LIMITED') return null
  return err(failure(code, retryAfterMs === undefined ? {} : { retryAfterMs }))
}

/** Reads the answer to a batch of so many targets. */
function parseOutcomes(body: unknown, count: number): readonly BatchOutcome[] | null {
  const outcomes = parseBatch(body)?.results.map(outcome) ?? []
  const known = outcomes.filter((one) => one !== null)
  return known.length === count ? known : null
}

/** `POST /v1/envelopes:batch` (RELAY-API §6.7). */
export function depositBatch(
  caller: Caller,
  host: RelayHost,
  { targets, envelope }: Parameters<RelayBatches['depositBatch']>[1],
): CallResult<readonly BatchOutcome[], 'RELAY_FULL' | 'TOO_LARGE'> {
  return caller.call(host, {
    method: 'POST',
    path: '/v1/envelopes:batch',
    auth: { kind: 'anonymous' },
    bytes: encodeBatch({
      targets: targets.map(({ envelopeId: id, token, deviceId }) => ({ id, token, deviceId })),
      body: envelope,
    }),
    parse: (body) => parseOutcomes(body, targets.length),
    codes: ['RELAY_FULL', 'TOO_LARGE'],
  })
}
