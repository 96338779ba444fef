import { sha256 } from '#crypto/primitives.ts'
import {
  BundlesAnswer,
  DeviceParams,
  IdempotencyHeaders,
  NameParams,
  PrekeysAnswer,
  PrekeysRequest,
} from '#protocol/relay-api.ts'
import { encodeBase64Url, encodeUtf8 } from '#shared/bytes.ts'
import type { RelayApp, RelayContext } from '../context.ts'
import { requesterKey } from '../rate-limits.ts'
import { refuse } from '../request-error.ts'
import type { Prekey, PrekeyBundle, SignedPrekey } from '../storage.ts'
import { accountNamed } from './account-named.ts'
import { signingJwk } from './accounts.ts'

/** How long a repeated request for bundles gets the same keys. */
const BUNDLES_REMEMBERED_MS = 5 * 60_000
/** 100 keys of 1.2 KiB in base64, and the rest. */
const UPLOAD_BYTES = 512 * 1024

// The schema has checked that the text is canonical and of the right length.
const decode = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64url'))

function parseCurve(prekey: { id: number; publicKey: string }): Prekey {
  return { id: prekey.id, publicKey: decode(prekey.publicKey) }
}

function parseSigned(prekey: { id: number; publicKey: string; signature: string }): SignedPrekey {
  return { ...parseCurve(prekey), signature: decode(prekey.signature) }
}

function curveJson({ id, publicKey }: Prekey) {
  return { id, publicKey: encodeBase64Url(publicKey) }
}

function signedJson(prekey: SignedPrekey) {
  return { ...curveJson(prekey), signature: encodeBase64Url(prekey.signature) }
}

function bundleJson(bundle: PrekeyBundle): BundlesAnswer['bundles'][number] {
  const { deviceId, certificate, signedPrekey, kemPrekey, oneTimePrekey } = bundle
  return {
    deviceId,
    certificate: encodeBase64Url(certificate),
    signedPrekey: signedJson(signedPrekey),
    kemPrekey: { ...signedJson(kemPrekey), lastResort: kemPrekey.lastResort },
    oneTimePrekey: oneTimePrekey && curveJson(oneTimePrekey),
  }
}

/** Publishing prekeys and handing them out. */
export function prekeyRoutes(app: RelayApp, context: RelayContext): void {
  const { config, storage, keyLog, auth, rates, nowMs } = context

  app.put(
    '/v1/devices/:id/prekeys',
    {
      bodyLimit: UPLOAD_BYTES,
      schema: {
        summary: 'Publish prekeys',
        params: DeviceParams,
        body: PrekeysRequest,
        response: { 200: PrekeysAnswer },
      },
    },
    async (request) => {
      const account = await auth.account(request)
      const deviceId = Number(request.params.id)
      const device = account.devices.find((candidate) => candidate.deviceId === deviceId)
      if (device === undefined) throw refuse('NOT_FOUND')
      const { version, signed, kemLastResort, oneTime, kemOneTime } = request.body
      const upload = {
        version,
        signed: parseSigned(signed),
        kemLastResort: parseSigned(kemLastResort),
        oneTime: oneTime.map(parseCurve),
        kemOneTime: kemOneTime.map(parseSigned),
      }
      const published = await storage.publishPrekeys(device.mailbox, upload, config.limits.prekeys)
      switch (published.outcome) {
        case 'stored':
          return published.counts
        case 'gone':
          throw refuse('ACCOUNT_UNKNOWN')
        case 'stale':
          throw refuse('CONFLICT')
        case 'too-many':
          throw refuse('TOO_LARGE')
      }
    },
  )

  app.get(
    '/v1/devices/:id/prekeys',
    {
      schema: {
        summary: 'How many one-time prekeys are left',
        params: DeviceParams,
        response: { 200: PrekeysAnswer },
      },
    },
    async (request) => {
      const session = auth.device(request)
      if (session.deviceId !== Number(request.params.id)) throw refuse('FORBIDDEN')
      const counts = await storage.prekeyCounts(session.mailbox)
      if (counts === null) throw refuse('ACCOUNT_UNKNOWN')
      return counts
    },
  )

  app.post(
    '/v1/accounts/:name/bundles',
    {
      schema: {
        summary: 'Take a prekey bundle of each device',
        params: NameParams,
        headers: IdempotencyHeaders,
        response: { 200: BundlesAnswer },
      },
    },
    async (request) => {
      const { name } = request.params
      const requester = requesterKey(request.ip)
      rates.take('lookups', requester)
      const account = await accountNamed(storage, name)
      // Not for any name that somebody thinks of: each that is asked for is remembered for minutes.
      rates.take('bundles', `${requester} ${account.id}`)
      const bundles = await storage.takeBundles(account.id, {
        hash: sha256(encodeUtf8(request.headers['idempotency-key'])),
        nowMs: nowMs(),
        rememberUntilMs: nowMs() + BUNDLES_REMEMBERED_MS,
        lastResortOnly: !rates.tryTake('oneTimeKeys', name),
      })
      if (bundles === null) throw refuse('ACCOUNT_UNKNOWN')
      const log = await keyLog.proof(name)
      return {
        signingKey: signingJwk(account),
        bundles: bundles.map(bundleJson),
        ...(log && { log }),
      }
    },
  )
}
