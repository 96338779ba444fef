import { decodePublicJwk } from '#crypto/jwk.ts'
import type { PublishedPrekeys, RelayBundle, RelayBundles, RelayIdentity } from '#core/ports.ts'
import type { KeyLogProof, SignedHead } from '#core/relay-log-ports.ts'
import { REMOVAL } from '#crypto/key-log.ts'
import {
  BundlesAnswer,
  ChainAnswer,
  ConsistencyAnswer,
  IdentityAnswer,
  LogHeadAnswer,
  type KeyProof,
  type PrekeysRequest,
} from '#protocol/relay-api.ts'
import { decodeBase64Url, encodeBase64Url } from '#shared/bytes.ts'
import { answerParser } from './http.ts'

// Keys between the port's bytes and the relay's JSON (RELAY-API §4, §5).

interface SignedPrekey {
  readonly id: number
  readonly publicKey: Uint8Array
  readonly signature: Uint8Array
}

const parseIdentityAnswer = answerParser(IdentityAnswer)
const parseBundlesAnswer = answerParser(BundlesAnswer)

/** Thrown and caught inside this file: one text that is not canonical spoils the whole answer. */
class NotCanonical extends Error {}

function bytes(text: string): Uint8Array {
  const decoded = decodeBase64Url(text)
  if (decoded === null) throw new NotCanonical()
  return decoded
}

function parsing<Answer, T>(
  parse: (body: unknown) => Answer | null,
  convert: (answer: Answer) => T | null,
): (body: unknown) => T | null {
  return (body) => {
    const answer = parse(body)
    try {
      return answer === null ? null : convert(answer)
    } catch (cause) {
      if (cause instanceof NotCanonical) return null
      throw cause
    }
  }
}

/** @returns `null` for anything but a well-formed identity with a valid key. */
export const parseIdentity: (body: unknown) => RelayIdentity | null = parsing(
  parseIdentityAnswer,
  ({ signingKey, devices, log }) => {
    const key = decodePublicJwk(signingKey)
    if (!key.ok) return null
    return {
      signingKey: key.value,
      devices: devices.map(({ id, certificate }) => ({
        deviceId: id,
        certificate: bytes(certificate),
      })),
      log: log ? keyLogProof(log) : null,
    }
  },
)

/** @returns `null` for anything but well-formed bundles with a valid signing key. */
export const parseBundles: (body: unknown) => RelayBundles | null = parsing(
  parseBundlesAnswer,
  (answer) => {
    const key = decodePublicJwk(answer.signingKey)
    if (!key.ok) return null
    const { bundles, log } = answer
    return {
      signingKey: key.value,
      bundles: bundles.map(bundle),
      log: log ? keyLogProof(log) : null,
    }
  },
)

/** @returns `null` for anything but a well-formed checkpoint with its key. */
export const parseLogHead: (body: unknown) => SignedHead | null = parsing(
  answerParser(LogHeadAnswer),
  signedHead,
)

/** @returns `null` for anything but a well-formed path. */
export const parseConsistency: (body: unknown) => Uint8Array[] | null = parsing(
  answerParser(ConsistencyAnswer),
  ({ path }) => path.map(bytes),
)

/** @returns `null` for anything but a well-formed proof. */
export const parseChain: (body: unknown) => KeyLogProof | null = parsing(
  answerParser(ChainAnswer),
  ({ log }) => keyLogProof(log),
)

function signedHead({ key, checkpoint }: LogHeadAnswer): SignedHead {
  return { key: bytes(key), checkpoint: bytes(checkpoint) }
}

function keyLogProof(proof: KeyProof): KeyLogProof {
  const { size, leaf, before, entries, deviceList } = proof
  return {
    ...signedHead(proof),
    chain: {
      size,
      leaf: { value: bytes(leaf.value), mapRoot: bytes(leaf.mapRoot) },
      inclusion: proof.inclusion.map(bytes),
      map: proof.map.map(bytes),
      before: { count: before.count, value: bytes(before.value) },
      entries: entries.map((hash) =>
        hash === null ? REMOVAL : { kind: 'device-list', hash: bytes(hash) },
      ),
    },
    deviceList: deviceList === null ? null : bytes(deviceList),
  }
}

function bundle(answer: BundlesAnswer['bundles'][number]): RelayBundle {
  const { deviceId, certificate, signedPrekey, kemPrekey, oneTimePrekey } = answer
  return {
    deviceId,
    certificate: bytes(certificate),
    signedPrekey: signed(signedPrekey),
    kemPrekey: { ...signed(kemPrekey), lastResort: kemPrekey.lastResort },
    oneTimePrekey: oneTimePrekey && {
      id: oneTimePrekey.id,
      publicKey: bytes(oneTimePrekey.publicKey),
    },
  }
}

function signed(prekey: { id: number; publicKey: string; signature: string }): SignedPrekey {
  return {
    id: prekey.id,
    publicKey: bytes(prekey.publicKey),
    signature: bytes(prekey.signature),
  }
}

/** The body of an upload of prekeys. */
export function prekeysJson(prekeys: PublishedPrekeys): PrekeysRequest {
  const curve = ({ id, publicKey }: { id: number; publicKey: Uint8Array }) => ({
    id,
    publicKey: encodeBase64Url(publicKey),
  })
  const withSignature = (prekey: SignedPrekey) => ({
    ...curve(prekey),
    signature: encodeBase64Url(prekey.signature),
  })
  return {
    version: prekeys.version,
    signed: withSignature(prekeys.signed),
    kemLastResort: withSignature(prekeys.kemLastResort),
    oneTime: prekeys.oneTime.map(curve),
    kemOneTime: prekeys.kemOneTime.map(withSignature),
  }
}
