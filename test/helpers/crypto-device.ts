import { acceptSession, initiateSession, readInitialMessage } from '#crypto/handshake.ts'
import type { AcceptedSession, InitiateInput } from '#crypto/handshake.ts'
import { createDeviceCertificate, type OwnDevice } from '#crypto/identity.ts'
import type { KemSeed } from '#crypto/kem.ts'
import {
  generateKemPrekeys,
  generateOneTimePrekeys,
  generateSignedPrekey,
  type PrekeyBundle,
} from '#crypto/prekeys.ts'
import {
  AgreementKeyPair,
  randomBytes,
  SigningKeyPair,
  type RandomSource,
} from '#crypto/primitives.ts'
import { openMessage, sealMessage } from '#crypto/ratchet.ts'
import type { SessionState } from '#crypto/session-state.ts'
import { encodeUtf8 } from '#shared/bytes.ts'
import { valueOf } from './value-of.ts'

/** A device with one prekey of each kind, and the bundle a relay would hand out for it. */
export interface TestDevice {
  readonly signer: SigningKeyPair
  readonly own: OwnDevice
  readonly bundle: PrekeyBundle
  readonly signedPrekey: AgreementKeyPair
  readonly kemPrekey: KemSeed
  readonly oneTimePrekey: AgreementKeyPair | null
}

export function createTestDevice(
  address: string,
  options: { readonly oneTime?: boolean; readonly random?: RandomSource } = {},
): TestDevice {
  const { oneTime = true, random = randomBytes } = options
  const signer = SigningKeyPair.generate(random)
  const agreement = AgreementKeyPair.generate(random)
  const deviceId = 1
  const claims = { address, deviceId, agreementKey: agreement.publicKey, createdAtMs: 1 }
  const certificate = createDeviceCertificate(signer, claims)
  const signed = generateSignedPrekey(signer, deviceId, 7, random)
  const kemPrekey = first(generateKemPrekeys(signer, deviceId, 8, 1, random))
  const oneTimePrekey = oneTime ? first(generateOneTimePrekeys(9, 1, random)) : null
  return {
    signer,
    own: { address, deviceId, signingKey: signer.publicKey, agreement, certificate },
    bundle: {
      signingKey: signer.publicKey,
      certificate,
      signedPrekey: signed.published,
      kemPrekey: kemPrekey.published,
      oneTimePrekey: oneTimePrekey && oneTimePrekey.published,
    },
    signedPrekey: signed.pair,
    kemPrekey: kemPrekey.seed,
    oneTimePrekey: oneTimePrekey && oneTimePrekey.pair,
  }
}

export function initiate(
  from: TestDevice,
  to: TestDevice,
  changes: Partial<InitiateInput> = {},
): SessionState {
  const input = {
    own: from.own,
    peerAddress: to.own.address,
    bundle: to.bundle,
    newestGeneration: 0,
    nowMs: 1000,
    random: randomBytes,
    ...changes,
  }
  return valueOf(initiateSession(input)).session
}

export function accept(to: TestDevice, envelope: Uint8Array): AcceptedSession {
  const pending = valueOf(readInitialMessage(to.own, envelope))
  return valueOf(acceptSession({ ...to, pending, nowMs: 1000 }))
}

/** Two sides of a session in which both have spoken. */
export function connect(): [SessionState, SessionState] {
  const [alice, bob] = [createTestDevice('alice@one.example'), createTestDevice('bob@two.example')]
  const hello = sealMessage(initiate(alice, bob), encodeUtf8('hello'), randomBytes)
  const accepted = accept(bob, hello.envelope)
  const answer = sealMessage(accepted.state, encodeUtf8('hello yourself'), randomBytes)
  return [valueOf(openMessage(hello.state, answer.envelope, 1000)).state, answer.state]
}

/** The first of a list that has one. */
export function first<T>(list: readonly T[]): T {
  const [item] = list
  if (item === undefined) throw new Error('expected at least one')
  return item
}

/** A copy with one bit changed. */
export function flipBit(bytes: Uint8Array, bit: number): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(bytes)
  const index = Math.floor(bit / 8) % copy.length
  copy[index] = (copy[index] ?? 0) ^ (1 << (bit % 8))
  return copy
}
