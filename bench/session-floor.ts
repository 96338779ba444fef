import {
  createCipheriv,
  createDecipheriv,
  createECDH,
  createPublicKey,
  createSecretKey,
  generateKeyPairSync,
  hash,
  randomBytes,
  sign,
  verify,
  type ECDH,
  type KeyObject,
} from 'node:crypto'
import { generateKemSeed, kem } from '#crypto/kem.ts'
import type { Contender } from './session-contenders.ts'

const AEAD = 'aes-256-gcm'
const AEAD_OPTIONS = { authTagLength: 16 }
const CURVE = 'prime256v1'
/** As long as a device certificate. */
const SIGNED_BYTES = 150

const padded = randomBytes(1024)
const block = randomBytes(129)
const outer = randomBytes(192)

function aesKey(): KeyObject {
  outer.set(hash('sha512', block, 'buffer'), 128)
  const messageKey = hash('sha512', outer, 'buffer').subarray(32)
  return createSecretKey(hash('sha512', messageKey, 'buffer').subarray(32))
}

function seal(): Buffer {
  const nonce = randomBytes(12)
  const cipher = createCipheriv(AEAD, aesKey(), nonce, AEAD_OPTIONS)
  const text = cipher.update(padded)
  cipher.final()
  return Buffer.concat([nonce, text, cipher.getAuthTag()])
}

function open(sealed: Buffer): void {
  const decipher = createDecipheriv(AEAD, aesKey(), sealed.subarray(0, 12), AEAD_OPTIONS)
  decipher.setAuthTag(sealed.subarray(-16))
  decipher.update(sealed.subarray(12, -16))
  decipher.final()
}

function generatePair(): ECDH {
  const pair = createECDH(CURVE)
  pair.generateKeys()
  return pair
}

/** What the handshake verifies: a key that was not seen before, and signatures by it. */
function createVerifying(): (signatures: number) => void {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: CURVE })
  const signed = randomBytes(SIGNED_BYTES)
  const signature = sign('sha256', signed, privateKey)
  const der = publicKey.export({ format: 'der', type: 'spki' })
  return (signatures) => {
    const key = createPublicKey({ key: der, format: 'der', type: 'spki' })
    for (let count = 0; count < signatures; count++) verify('sha256', signed, key, signature)
  }
}

/**
 * The floor: the least any ratchet must do on these primitives. A message: one HMAC for its key, one hash to derive the
 * AES key and its commitment, one AES-256-GCM with a random nonce. A turn: one key pair and an agreement on each side.
 * A handshake: four agreements and one ML-KEM operation on each side, a certificate verified on each side and two
 * prekeys by the initiator, which makes two key pairs; and its first message.
 */
export function createFloor(): Contender {
  const theirs = generatePair()
  const theirPoint = theirs.getPublicKey()
  const verifyBundle = createVerifying()
  const kemSeed = generateKemSeed(randomBytes)
  const kemPublicKey = kem.keyPair(kemSeed).publicKey
  const agreeFourTimes = (pair: ECDH, point: Buffer): void => {
    for (let count = 0; count < 4; count++) pair.computeSecret(point)
  }
  return {
    name: 'bare primitives',
    burst(count) {
      const envelopes: Buffer[] = []
      const start = performance.now()
      for (let i = 0; i < count; i++) envelopes.push(seal())
      const sealedAt = performance.now()
      for (const envelope of envelopes) open(envelope)
      return Promise.resolve({ sealMs: sealedAt - start, openMs: performance.now() - sealedAt })
    },
    pingPong(count) {
      const start = performance.now()
      for (let i = 0; i < count; i++) {
        const ours = generatePair()
        ours.computeSecret(theirPoint)
        theirs.computeSecret(ours.getPublicKey())
        open(seal())
      }
      return Promise.resolve(performance.now() - start)
    },
    handshakes(count) {
      const sent: { point: Buffer; ciphertext: Uint8Array; sealed: Buffer }[] = []
      const start = performance.now()
      for (let i = 0; i < count; i++) {
        verifyBundle(3)
        const encapsulated = kem.encapsulate(kemPublicKey, randomBytes)
        if (encapsulated === null) throw new TypeError('the KEM refuses its own key')
        const [ephemeral] = [generatePair(), generatePair()]
        agreeFourTimes(ephemeral, theirPoint)
        const point = ephemeral.getPublicKey()
        sent.push({ point, ciphertext: encapsulated.ciphertext, sealed: seal() })
      }
      const initiatedAt = performance.now()
      for (const { point, ciphertext, sealed } of sent) {
        agreeFourTimes(theirs, point)
        kem.keyPair(kemSeed).decapsulate(ciphertext)
        verifyBundle(1)
        open(sealed)
      }
      const initiateMs = initiatedAt - start
      return Promise.resolve({ initiateMs, acceptMs: performance.now() - initiatedAt })
    },
  }
}
