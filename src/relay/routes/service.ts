import { hmacSha256 } from '#crypto/hkdf.ts'
import { InfoAnswer, NameAnswer, NameParams } from '#protocol/relay-api.ts'
import { NAME_PATTERN } from '#protocol/address.ts'
import { reservedNames } from '#protocol/look-alikes.ts'
import { RELAY_PROTOCOL_VERSIONS } from '#protocol/relay-limits.ts'
import { WORK_SALT_BYTES } from '#protocol/relay-work.ts'
import { encodeBase64Url, encodeUtf8 } from '#shared/bytes.ts'
import manifest from '../../../package.json' with { type: 'json' }
import type { RelayApp, RelayContext } from '../context.ts'
import { requesterKey } from '../rate-limits.ts'
import { refuse } from '../request-error.ts'

/** The salt of this relay's proof of work: fixed, so that work done for another relay counts nothing here. */
export function workSalt(secret: Uint8Array): Uint8Array {
  return hmacSha256(secret, encodeUtf8('registration work salt')).subarray(0, WORK_SALT_BYTES)
}

/** What anyone may ask: what this relay is, whether it works, and whether a name is free. */
export function serviceRoutes(app: RelayApp, context: RelayContext): void {
  const { config, storage, rates, nowMs } = context
  const isReserved = reservedNames(config.reservedNames)
  const salt = encodeBase64Url(workSalt(storage.secret))
  const era = encodeBase64Url(storage.era)
  const { envelopeBytes, knockBytes, mailboxEnvelopes, mailboxBytes, retentionMs } = config.limits

  app.get(
    '/v1/info',
    { schema: { summary: 'What this relay is and wants', response: { 200: InfoAnswer } } },
    async (request) => {
      rates.take('lookups', requesterKey(request.ip))
      return {
        service: 'sotto-relay' as const,
        version: manifest.version,
        protocolVersions: [...RELAY_PROTOCOL_VERSIONS],
        registration: config.registration,
        work: { bits: config.registration === 'work' ? config.powBits : 0, salt },
        limits: { envelopeBytes, knockBytes, mailboxEnvelopes, mailboxBytes, retentionMs },
        serverTimeMs: nowMs(),
        era,
      }
    },
  )

  app.get(
    '/v1/names/:name',
    {
      schema: {
        summary: 'Whether a name is free',
        params: NameParams,
        response: { 200: NameAnswer },
      },
    },
    async (request) => {
      rates.take('lookups', requesterKey(request.ip))
      if (!NAME_PATTERN.test(request.params.name)) throw refuse('NAME_INVALID')
      const { name } = request.params
      const state = await storage.nameState(name)
      if (state === 'taken') return { free: false, code: 'NAME_TAKEN' as const }
      if (isReserved(name) || (await storage.isReserved(name))) {
        return { free: false, code: 'NAME_RESERVED' as const }
      }
      if (state === 'looks-taken') return { free: false, code: 'NAME_LOOKS_TAKEN' as const }
      return { free: true }
    },
  )

  app.get('/healthz', { schema: { summary: 'The process runs' } }, async () => ({ ok: true }))
  app.get('/readyz', { schema: { summary: 'The database answers' } }, async () => {
    if (context.shutdown.announced) throw refuse('OVERLOADED')
    const { copies } = await storage.ping()
    return { ok: true, copies }
  })
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger())
}
