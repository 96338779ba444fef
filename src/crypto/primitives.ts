// The only file of Sotto that imports node:crypto. It runs under OpenSSL (Node) and BoringSSL (Electron) alike: no
// branch on either's error texts, nothing BoringSSL lacks. PROTOCOL §2 lists what is used.
import * as native from 'node:crypto'
import { AEAD_NONCE_BYTES, AEAD_TAG_BYTES } from '#protocol/envelope.ts'
import type { Brand } from '#shared/brand.ts'
import { concatBytes } from '#shared/bytes.ts'
import { fromDerSignature, SIGNATURE_BYTES, toDerSignature } from './der-signature.ts'
import type { Point } from './points.ts'

/** Gives that many unpredictable bytes. {@link randomBytes}, except where vectors replay. */
export type RandomSource = (length: number) => Uint8Array<ArrayBuffer>

const RANDOM_POOL_BYTES = 4096
const randomPool = new Uint8Array(RANDOM_POOL_BYTES)
let randomPoolOffset = RANDOM_POOL_BYTES

/**
 * Random bytes of the operating system's generator. Small requests are cut from a pool filled ahead, which is wiped as
 * it is handed out, since a call costs more than the bytes.
 */
export function randomBytes(length: number): Uint8Array<ArrayBuffer> {
  const result = new Uint8Array(length)
  if (length > RANDOM_POOL_BYTES / 16) return native.randomFillSync(result)
  if (randomPoolOffset + length > RANDOM_POOL_BYTES) {
    native.randomFillSync(randomPool)
    randomPoolOffset = 0
  }
  const end = randomPoolOffset + length
  result.set(randomPool.subarray(randomPoolOffset, end))
  randomPool.fill(0, randomPoolOffset, end)
  randomPoolOffset = end
  return result
}

/** Node's buffers as what they are declared to be: their own `slice` would share memory instead of copying. */
function plain(buffer: Buffer<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length)
}

const SHA256_BYTES = 32

/** Overwrites secrets that are no longer needed. Best effort: a runtime may hold copies. */
export function wipe(...secrets: readonly Uint8Array[]): void {
  for (const secret of secrets) secret.fill(0)
}

/** Compares in constant time. Different lengths are unequal. */
export function timingSafeEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && native.timingSafeEqual(a, b)
}

/** SHA-256 (FIPS 180-4): 32 bytes. */
export function sha256(data: Uint8Array): Uint8Array {
  return plain(native.hash('sha256', data, 'buffer'))
}

/**
 * {@link sha256} in half the time, most of which goes into memory for the digest. On the way it is a string, which nobody
 * can wipe: not for secrets.
 */
export function publicSha256(data: Uint8Array): Uint8Array {
  const digest = new Uint8Array(SHA256_BYTES)
  writeLatin1(native.hash('sha256', data, 'binary'), digest, 0)
  return digest
}

/** SHA-256 of what comes in pieces. */
export class Sha256Stream {
  readonly #hash = native.createHash('sha256')

  update(data: Uint8Array): void {
    this.#hash.update(data)
  }

  /** 32 bytes. Nothing can be added then. */
  digest(): Uint8Array {
    return plain(this.#hash.digest())
  }
}

/** SHA-512 (FIPS 180-4): 64 bytes. */
export function sha512(data: Uint8Array): Uint8Array {
  return plain(native.hash('sha512', data, 'buffer'))
}

/**
 * Writes the SHA-512 of `data` into `target`, in half the time of {@link sha512}, whose memory costs more than the
 * hashing. On the way the digest is a string, which nobody can wipe: only where it tells nothing, or nothing that is not
 * kept anyway.
 */
export function writeSha512(data: Uint8Array, target: Uint8Array, offset: number): void {
  writeLatin1(native.hash('sha512', data, 'binary'), target, offset)
}

function writeLatin1(text: string, target: Uint8Array, offset: number): void {
  for (let i = 0; i < text.length; i++) target[offset + i] = text.charCodeAt(i)
}

/** Cost of {@link scrypt}: memory is 128 · N · r bytes. */
export interface ScryptCost {
  readonly N: number
  readonly r: number
  readonly p: number
}

/**
 * Derives key bytes from a passphrase off the main thread (RFC 7914).
 * @throws RangeError where the cost's parameters are not valid.
 */
export function scrypt(
  passphrase: Uint8Array,
  salt: Uint8Array,
  length: number,
  cost: ScryptCost,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const options = { ...cost, maxmem: 128 * cost.N * cost.r + 4096 * cost.r * cost.p + 65_536 }
    native.scrypt(passphrase, salt, length, options, (error, key) => {
      if (error) reject(error)
      else resolve(plain(key))
    })
  })
}

export const AEAD_KEY_BYTES = 32

const AEAD = 'aes-256-gcm'
/** Never left out: without it a four-byte tag would be accepted. */
const AEAD_OPTIONS = { authTagLength: AEAD_TAG_BYTES }
const NO_BYTES = new Uint8Array(0)

/** An AES-256-GCM key. Keeps the runtime's key object, which costs more to make than a message to seal. */
export class AeadKey {
  readonly #bytes: Uint8Array
  #object: native.KeyObject | null = null

  /** @param bytes - 32 bytes, copied (`slice` would share a Buffer's memory, which the caller wipes). */
  constructor(bytes: Uint8Array) {
    if (bytes.length !== AEAD_KEY_BYTES) throw new RangeError('an AEAD key has 32 bytes')
    this.#bytes = new Uint8Array(bytes)
  }

  /**
   * Seals with AES-256-GCM (NIST SP 800-38D §7.1).
   * @param nonce - 12 bytes; the caller guarantees that none is used twice under this key.
   * @returns ciphertext(n) ‖ tag(16) as one blob.
   */
  seal(
    nonce: Uint8Array,
    plaintext: Uint8Array,
    associatedData: Uint8Array = NO_BYTES,
  ): Uint8Array<ArrayBuffer> {
    const sealed = new Uint8Array(plaintext.length + AEAD_TAG_BYTES)
    sealed.set(plaintext)
    this.sealInPlace(sealed, nonce, associatedData)
    return sealed
  }

  /** As {@link AeadKey.seal}: `buffer` holds the plaintext and 16 bytes more, and then ciphertext ‖ tag. */
  sealInPlace(buffer: Uint8Array, nonce: Uint8Array, associatedData: Uint8Array = NO_BYTES): void {
    if (nonce.length !== AEAD_NONCE_BYTES) throw new RangeError('a nonce has 12 bytes')
    const textLength = buffer.length - AEAD_TAG_BYTES
    const cipher = native.createCipheriv(AEAD, this.#keyObject(), nonce, AEAD_OPTIONS)
    if (associatedData.length > 0) cipher.setAAD(associatedData)
    buffer.set(cipher.update(buffer.subarray(0, textLength)))
    cipher.final()
    buffer.set(cipher.getAuthTag(), textLength)
  }

  /**
   * Opens what {@link AeadKey.seal} made (NIST SP 800-38D §7.2).
   * @returns `null` where anything was changed, cut or sealed otherwise; nothing unverified is given out.
   */
  open(
    nonce: Uint8Array,
    sealed: Uint8Array,
    associatedData: Uint8Array = NO_BYTES,
  ): Uint8Array | null {
    if (nonce.length !== AEAD_NONCE_BYTES || sealed.length < AEAD_TAG_BYTES) return null
    const textLength = sealed.length - AEAD_TAG_BYTES
    const decipher = native.createDecipheriv(AEAD, this.#keyObject(), nonce, AEAD_OPTIONS)
    if (associatedData.length > 0) decipher.setAAD(associatedData)
    decipher.setAuthTag(sealed.subarray(textLength))
    const plaintext = plain(decipher.update(sealed.subarray(0, textLength)))
    try {
      decipher.final()
    } catch {
      wipe(plaintext)
      return null
    }
    return plaintext
  }

  /** The key's 32 bytes, copied, for the encrypted store. */
  exportBytes(): Uint8Array {
    return this.#bytes.slice()
  }

  #keyObject(): native.KeyObject {
    return (this.#object ??= native.createSecretKey(this.#bytes))
  }
}

/** A P-256 private scalar, 32 bytes big-endian. */
export type PrivateScalar = Brand<Uint8Array, 'PrivateScalar'>
export const SCALAR_BYTES = 32

/** A public key checked to be on the curve, for ECDH. */
export type AgreementPublicKey = Brand<Uint8Array<ArrayBuffer>, 'AgreementPublicKey'>
/** A public key checked to be on the curve, for ECDSA. */
export type SigningPublicKey = Brand<Uint8Array<ArrayBuffer>, 'SigningPublicKey'>

const CURVE = 'prime256v1'

/** The scalar with the runtime's ECDH object; `null` for 0 and for n and above. */
function loadScalar(scalar: Uint8Array): { ecdh: native.ECDH; point: Point } | null {
  if (scalar.length !== SCALAR_BYTES) return null
  const ecdh = native.createECDH(CURVE)
  try {
    ecdh.setPrivateKey(scalar)
  } catch {
    return null
  }
  return { ecdh, point: new Uint8Array(ecdh.getPublicKey()) as Point }
}

/** Draws scalars until one is in range (FIPS 186-5 A.2.2); the first is, but for odds of 2^-32. */
function generateFrom<Pair>(random: RandomSource, load: (scalar: Uint8Array) => Pair | null): Pair {
  for (let attempt = 0; attempt < 8; attempt++) {
    const scalar = random(SCALAR_BYTES)
    const pair = load(scalar)
    wipe(scalar)
    if (pair !== null) return pair
  }
  throw new RangeError('the random source gives no valid scalar')
}

/** An ECDH P-256 key pair. Keeps the runtime's object, since setting a private key anew doubles an agreement's cost. */
export class AgreementKeyPair {
  readonly publicKey: AgreementPublicKey
  readonly #scalar: Uint8Array
  readonly #ecdh: native.ECDH

  private constructor(scalar: Uint8Array, ecdh: native.ECDH, point: Point) {
    this.publicKey = point as AgreementPublicKey
    this.#scalar = scalar
    this.#ecdh = ecdh
  }

  static generate(random: RandomSource): AgreementKeyPair {
    return generateFrom(random, (scalar) => AgreementKeyPair.fromScalar(scalar))
  }

  /** @returns `null` unless the scalar has 32 bytes and lies in 1 … n − 1. */
  static fromScalar(scalar: Uint8Array): AgreementKeyPair | null {
    const loaded = loadScalar(scalar)
    return loaded && new AgreementKeyPair(new Uint8Array(scalar), loaded.ecdh, loaded.point)
  }

  /** ECDH (NIST SP 800-56A §5.7.1.2): the shared point's X, 32 bytes. The caller wipes it after deriving keys. */
  agree(peer: AgreementPublicKey): Uint8Array {
    return plain(this.#ecdh.computeSecret(peer))
  }

  /** The private scalar, copied, for the keychain or the encrypted store. */
  exportScalar(): PrivateScalar {
    return this.#scalar.slice() as PrivateScalar
  }
}

// What stands before the raw keys in SPKI (RFC 5480) and PKCS #8 (RFC 5915): lengths, id-ecPublicKey, prime256v1.
const PKCS8_SCALAR_PREFIX = Buffer.from(
  '308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b0201010420',
  'hex',
)
const PKCS8_POINT_PREFIX = Buffer.from('a144034200', 'hex')
const SPKI_PREFIX = Buffer.from('3059301306072a8648ce3d020106082a8648ce3d030107034200', 'hex')
const VERIFYING_KEYS_KEPT = 512
/** Importing a public key costs as much as an ECDH, and the same few sign again and again. */
const verifyingKeys = new Map<string, native.KeyObject>()

function verifyingKey(publicKey: SigningPublicKey): native.KeyObject {
  const id = Buffer.from(publicKey).toString('latin1')
  const known = verifyingKeys.get(id)
  if (known !== undefined) return known
  const key = importSpki(concatBytes(SPKI_PREFIX, publicKey))
  const [oldest] = verifyingKeys.keys()
  if (verifyingKeys.size >= VERIFYING_KEYS_KEPT && oldest !== undefined) {
    verifyingKeys.delete(oldest)
  }
  verifyingKeys.set(id, key)
  return key
}

/** An ECDSA P-256 key pair. */
export class SigningKeyPair {
  readonly publicKey: SigningPublicKey
  readonly #scalar: Uint8Array
  readonly #key: native.KeyObject

  private constructor(scalar: Uint8Array, point: Point) {
    this.publicKey = point as SigningPublicKey
    this.#scalar = scalar
    const der = concatBytes(PKCS8_SCALAR_PREFIX, scalar, PKCS8_POINT_PREFIX, point)
    this.#key = importPkcs8(der)
    wipe(der)
  }

  static generate(random: RandomSource): SigningKeyPair {
    return generateFrom(random, (scalar) => SigningKeyPair.fromScalar(scalar))
  }

  /** @returns `null` unless the scalar has 32 bytes and lies in 1 … n − 1. */
  static fromScalar(scalar: Uint8Array): SigningKeyPair | null {
    const loaded = loadScalar(scalar)
    return loaded && new SigningKeyPair(new Uint8Array(scalar), loaded.point)
  }

  /** ECDSA with SHA-256 (FIPS 186-5 §6.4): r ‖ s, 64 bytes; s may be high (see `signatures.ts`). */
  signRaw(message: Uint8Array): Uint8Array {
    return fromDerSignature(native.sign('sha256', message, this.#key))
  }

  /** The private scalar, copied, for the keychain. */
  exportScalar(): PrivateScalar {
    return this.#scalar.slice() as PrivateScalar
  }
}

/** Verifies ECDSA with SHA-256 as the standard has it, high s included. Anything malformed is just not valid. */
export function verifyRaw(
  publicKey: SigningPublicKey,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (signature.length !== SIGNATURE_BYTES) return false
  return native.verify('sha256', message, verifyingKey(publicKey), toDerSignature(signature))
}

/** As {@link verifyRaw}, with the same work for every key, whether it was seen before or not. */
export function verifyRawEvenly(
  publicKey: SigningPublicKey,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (signature.length !== SIGNATURE_BYTES) return false
  const key = importSpki(concatBytes(SPKI_PREFIX, publicKey))
  return native.verify('sha256', message, key, toDerSignature(signature))
}

/** A key as the runtime holds it. */
export type RuntimeKey = native.KeyObject

/** Imports a public key from SPKI. @throws where the runtime does not take it. */
export function importSpki(der: Uint8Array): RuntimeKey {
  return native.createPublicKey({ key: Buffer.from(der), format: 'der', type: 'spki' })
}

/** Imports a private key from PKCS #8. @throws where the runtime does not take it. */
export function importPkcs8(der: Uint8Array): RuntimeKey {
  const key = Buffer.from(der)
  const imported = native.createPrivateKey({ key, format: 'der', type: 'pkcs8' })
  wipe(key)
  return imported
}

/** The public half of a private key as JWK members. */
export function exportPublicJwk(privateKey: RuntimeKey): Readonly<Record<string, unknown>> {
  return native.createPublicKey(privateKey).export({ format: 'jwk' })
}

/** Encapsulation of the runtime. @throws where it has none for this kind of key. */
export function encapsulate(publicKey: RuntimeKey): {
  ciphertext: Uint8Array
  sharedSecret: Uint8Array
} {
  const { ciphertext, sharedKey } = native.encapsulate(publicKey)
  return { ciphertext: plain(ciphertext), sharedSecret: plain(sharedKey) }
}

/** Decapsulation of the runtime. @throws where it has none for this kind of key. */
export function decapsulate(privateKey: RuntimeKey, ciphertext: Uint8Array): Uint8Array {
  return plain(native.decapsulate(privateKey, ciphertext))
}
