import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { randomBytes, sha256, SigningKeyPair } from '#crypto/primitives.ts'
import {
  contentDigest,
  signatureBase,
  signatureHeaders,
  type SignatureParams,
} from '#protocol/http-signature.ts'
import { relayConfig } from '#relay/config.ts'
import { startRelay } from '#relay/relay.ts'
import { encodeBase64Url, encodeUtf8 } from '#shared/bytes.ts'
import { setUpAccounts, UNLIMITED } from './relay-accounts.ts'
import { atMost, formatTable, median, type BenchRow } from './report.ts'

const GROUP = 'Relay, time to refuse a signature, by what is wrong with it'
const SAMPLES = 3_000
/** Accounts whose turn it is: none is asked for twice in a row, as somebody who looks for names would. */
const ACCOUNTS = 1_000
const BODY = '{"deviceId":1}'
/**
 * Welch's t between two kinds of refusal, above which leakage tests (dudect, TVLA) call a difference real. Times are
 * cut at the ninth decile first: what a scheduler adds tells nothing.
 */
const MOST_T = 4.5

type Kind = 'unknown account' | 'wrong signature'

function headersFor(url: string, name: string, pair: SigningKeyPair): Record<string, string> {
  const createdSeconds = Math.floor(Date.now() / 1_000)
  const params: SignatureParams = {
    createdSeconds,
    expiresSeconds: createdSeconds + 60,
    nonce: encodeBase64Url(randomBytes(16)),
    algorithm: 'ecdsa-p256-sha256',
    keyId: name,
  }
  const digest = contentDigest(sha256(encodeUtf8(BODY)))
  const request = { method: 'POST', targetUri: url, contentDigest: digest }
  return {
    'content-type': 'application/json',
    ...signatureHeaders(request, params, pair.signRaw(signatureBase(request, params))),
  }
}

interface Moments {
  readonly mean: number
  readonly variance: number
  readonly count: number
}

function moments(values: readonly number[]): Moments {
  const kept = values.toSorted((a, b) => a - b).slice(0, Math.floor(values.length * 0.9))
  const mean = kept.reduce((sum, value) => sum + value, 0) / kept.length
  const variance = kept.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (kept.length - 1)
  return { mean, variance, count: kept.length }
}

function welchT(a: Moments, b: Moments): number {
  return Math.abs(a.mean - b.mean) / Math.sqrt(a.variance / a.count + b.variance / b.count)
}

/** Whether the time that a relay takes to refuse tells an unknown account from a wrong signature. */
export async function runAuthBench(): Promise<BenchRow[]> {
  const folder = mkdtempSync(`${tmpdir()}/sotto-bench-auth-`)
  await setUpAccounts(folder, 0, ACCOUNTS, () => SigningKeyPair.generate(randomBytes).publicKey)
  const config = relayConfig({
    port: 0,
    dataDir: folder,
    limits: { eventLoopDelayMs: 0 },
    rates: { signed: UNLIMITED, account: UNLIMITED },
  })
  if (!config.ok) throw new Error(String(config.error.cause))
  const relay = await startRelay(config.value)
  const stranger = SigningKeyPair.generate(randomBytes)
  const url = `${relay.url}/v1/sessions`
  const times: Record<Kind, number[]> = { 'unknown account': [], 'wrong signature': [] }
  try {
    for (let sample = -200; sample < SAMPLES; sample++) {
      const order: readonly Kind[] =
        (randomBytes(1)[0] ?? 0) < 128
          ? ['unknown account', 'wrong signature']
          : ['wrong signature', 'unknown account']
      for (const kind of order) {
        const index = (sample + ACCOUNTS) % ACCOUNTS
        const name = kind === 'unknown account' ? `none${index}` : `user${index}`
        const headers = headersFor(url, name, stranger)
        const startedMs = performance.now()
        const answer = await fetch(url, { method: 'POST', headers, body: BODY })
        await answer.arrayBuffer()
        const tookUs = (performance.now() - startedMs) * 1_000
        if (answer.status !== 401) throw new Error(`answered ${answer.status}`)
        if (sample >= 0) times[kind].push(tookUs)
      }
    }
  } finally {
    await relay.close()
    rmSync(folder, { recursive: true, force: true })
  }
  const rows = (Object.keys(times) as Kind[]).map((kind) => ({
    group: GROUP,
    name: `${kind}, p50`,
    unit: 'µs',
    value: median(times[kind]),
  }))
  const t = welchT(moments(times['unknown account']), moments(times['wrong signature']))
  return [
    ...rows,
    atMost({ group: GROUP, name: "difference, Welch's t", unit: '', value: t }, MOST_T),
  ]
}

if (import.meta.main) console.log(formatTable(await runAuthBench()))
