import { fileURLToPath } from 'node:url'
import { acceptSession, initiateSession, readInitialMessage } from '#crypto/handshake.ts'
import { createDeviceCertificate, type OwnDevice } from '#crypto/identity.ts'
import {
  generateKemPrekeys,
  generateOneTimePrekeys,
  generateSignedPrekey,
  type PrekeyBundle,
} from '#crypto/prekeys.ts'
import { AgreementKeyPair, randomBytes, SigningKeyPair } from '#crypto/primitives.ts'
import type { KemSeed } from '#crypto/kem.ts'
import { openMessage, sealMessage } from '#crypto/ratchet.ts'
import type { SessionState } from '#crypto/session-state.ts'
import type { Result } from '#shared/result.ts'

/** Text of one message: with its padding, 1 KB. */
export const TEXT_BYTES = 1000

/** One implementation, each job done `count` times, in milliseconds all together. */
export interface Contender {
  readonly name: string
  readonly burst: (count: number) => Promise<{ sealMs: number; openMs: number }>
  readonly pingPong: (count: number) => Promise<number>
  readonly handshakes?: (count: number) => Promise<{ initiateMs: number; acceptMs: number }>
}

/** A peer that is not installed, or doesn't load here. */
export interface MissingContender {
  readonly name: string
  readonly missing: string
}

const PEERS = ['libsignal', '2key-ratchet'] as const

/** Loads what `npm install --prefix bench/peers` brought. */
export async function loadPeers(): Promise<(Contender | MissingContender)[]> {
  return Promise.all(
    PEERS.map(async (name) => {
      const file = new URL(`./peers/${name}.js`, import.meta.url)
      try {
        const module = (await import(file.href)) as {
          createContender: (textBytes: number) => Promise<Contender>
        }
        return await module.createContender(TEXT_BYTES)
      } catch (error) {
        const missing = error instanceof Error ? error.message : fileURLToPath(file)
        return { name, missing }
      }
    }),
  )
}

function must<T>(result: Result<T, { code: string }>): T {
  if (!result.ok) throw new Error(result.error.code)
  return result.value
}

interface Device {
  readonly own: OwnDevice
  readonly bundle: PrekeyBundle
  readonly signedPrekey: AgreementKeyPair
  readonly kemPrekey: KemSeed
  readonly oneTimePrekey: AgreementKeyPair
}

function createDevice(address: string): Device {
  const signer = SigningKeyPair.generate(randomBytes)
  const agreement = AgreementKeyPair.generate(randomBytes)
  const claims = { address, deviceId: 1, agreementKey: agreement.publicKey, createdAtMs: 0 }
  const certificate = createDeviceCertificate(signer, claims)
  const signed = generateSignedPrekey(signer, 1, 1, randomBytes)
  const [kemPrekey] = generateKemPrekeys(signer, 1, 1, 1, randomBytes)
  const [oneTime] = generateOneTimePrekeys(2, 1, randomBytes)
  if (kemPrekey === undefined || oneTime === undefined) throw new Error('no prekey')
  return {
    own: { address, deviceId: 1, signingKey: signer.publicKey, agreement, certificate },
    bundle: {
      signingKey: signer.publicKey,
      certificate,
      signedPrekey: signed.published,
      kemPrekey: kemPrekey.published,
      oneTimePrekey: oneTime.published,
    },
    signedPrekey: signed.pair,
    kemPrekey: kemPrekey.seed,
    oneTimePrekey: oneTime.pair,
  }
}

function initiate(from: Device, to: Device): ReturnType<typeof sealMessage> {
  const { session } = must(
    initiateSession({
      own: from.own,
      peerAddress: to.own.address,
      bundle: to.bundle,
      newestGeneration: 0,
      nowMs: 1,
      random: randomBytes,
    }),
  )
  return sealMessage(session, new Uint8Array(TEXT_BYTES), randomBytes)
}

function accept(to: Device, envelope: Uint8Array): ReturnType<typeof acceptSession> {
  const pending = must(readInitialMessage(to.own, envelope))
  return acceptSession({ ...to, pending, nowMs: 1 })
}

function connect(): [SessionState, SessionState] {
  const [alice, bob] = [createDevice('alice@relay.example'), createDevice('bob@relay.example')]
  const first = initiate(alice, bob)
  const accepted = must(accept(bob, first.envelope))
  const answer = sealMessage(accepted.state, new Uint8Array(1), randomBytes)
  return [must(openMessage(first.state, answer.envelope, 1)).state, answer.state]
}

/** Sotto itself, on the primitives this runtime has. */
export function createSotto(): Contender {
  const text = randomBytes(TEXT_BYTES)
  let [alice, bob] = connect()
  return {
    name: 'Sotto',
    burst(count) {
      const envelopes: Uint8Array[] = []
      const start = performance.now()
      for (let i = 0; i < count; i++) {
        const sealed = sealMessage(alice, text, randomBytes)
        alice = sealed.state
        envelopes.push(sealed.envelope)
      }
      const sealedAt = performance.now()
      for (const envelope of envelopes) bob = must(openMessage(bob, envelope, 1)).state
      return Promise.resolve({ sealMs: sealedAt - start, openMs: performance.now() - sealedAt })
    },
    pingPong(count) {
      const start = performance.now()
      for (let i = 0; i < count; i++) {
        const sealed = sealMessage(alice, text, randomBytes)
        const opened = must(openMessage(bob, sealed.envelope, 1))
        ;[alice, bob] = [opened.state, sealed.state]
      }
      return Promise.resolve(performance.now() - start)
    },
    handshakes(count) {
      const pairs = Array.from({ length: count }, (_, index) => ({
        from: createDevice(`alice${String(index)}@relay.example`),
        to: createDevice(`bob${String(index)}@relay.example`),
      }))
      const start = performance.now()
      const sent = pairs.map(({ from, to }) => ({ to, envelope: initiate(from, to).envelope }))
      const initiatedAt = performance.now()
      for (const { to, envelope } of sent) must(accept(to, envelope))
      const initiateMs = initiatedAt - start
      return Promise.resolve({ initiateMs, acceptMs: performance.now() - initiatedAt })
    },
  }
}
