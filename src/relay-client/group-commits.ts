import { groupTokenHash } from '#crypto/group-token.ts'
import type { RelayHost } from '#core/ports.ts'
import type { GroupCommit, RelayGroups } from '#core/relay-ports.ts'
import { CommitsAnswer, DepositAnswer } from '#protocol/relay-api.ts'
import { decodeBase64Url, encodeBase64Url } from '#shared/bytes.ts'
import { ok } from '#shared/result.ts'
import type { Caller, CallResult } from './caller.ts'
import { answerParser } from './http.ts'

const ANONYMOUS = { kind: 'anonymous' } as const

const parseStored = answerParser(DepositAnswer)
const parseCommitsAnswer = answerParser(CommitsAnswer)

function commitsPath(group: Uint8Array): string {
  return `/v1/groups/${encodeBase64Url(group)}/commits`
}

/** Reads commits in the order of their epochs, all beyond `after`. */
function parseCommits(
  body: unknown,
  after: number | null,
): { readonly commits: readonly GroupCommit[]; readonly complete: boolean } | null {
  const answer = parseCommitsAnswer(body)
  if (answer === null) return null
  const commits: GroupCommit[] = []
  let last = after ?? -1
  for (const { epoch, receivedAtMs, body: text } of answer.commits) {
    const commit = decodeBase64Url(text)
    if (commit === null || epoch <= last) return null
    commits.push({ epoch, commit, relayedAtMs: receivedAtMs })
    last = epoch
  }
  return { commits, complete: answer.complete }
}

/** `POST /v1/groups/{id}/commits` (RELAY-API §12). */
export async function putCommit(
  caller: Caller,
  host: RelayHost,
  { group, epoch, token, nextToken, commit }: Parameters<RelayGroups['putCommit']>[1],
): CallResult<void, 'CONFLICT' | 'FORBIDDEN' | 'RELAY_FULL' | 'TOO_LARGE'> {
  const put = await caller.call(host, {
    method: 'POST',
    path: commitsPath(group),
    auth: ANONYMOUS,
    headers: {
      'sotto-group-token': encodeBase64Url(token),
      'sotto-next-token-hash': encodeBase64Url(groupTokenHash(nextToken)),
      'sotto-epoch': String(epoch),
    },
    bytes: commit,
    parse: parseStored,
    codes: ['CONFLICT', 'FORBIDDEN', 'RELAY_FULL', 'TOO_LARGE'],
  })
  return put.ok ? ok(undefined) : put
}

/** `GET /v1/groups/{id}/commits` (RELAY-API §12). */
export function fetchCommits(
  caller: Caller,
  host: RelayHost,
  { group, token, after }: Parameters<RelayGroups['fetchCommits']>[1],
): ReturnType<RelayGroups['fetchCommits']> {
  return caller.call(host, {
    method: 'GET',
    path: `${commitsPath(group)}${after === null ? '' : `?after=${after}`}`,
    auth: ANONYMOUS,
    headers: { 'sotto-group-token': encodeBase64Url(token) },
    parse: (body) => parseCommits(body, after),
    codes: ['NOT_FOUND'],
  })
}
