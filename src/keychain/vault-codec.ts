import { sha256, type ScryptCost } from '#crypto/primitives.ts'
import { concatBytes, encodeUtf8, equalPublicBytes } from '#shared/bytes.ts'
import { ENCODED_SECRETS_BYTES } from './secrets-codec.ts'

const MAGIC = encodeUtf8('SOTTOVLT')
const VERSION = 1
export const SALT_BYTES = 16
export const NONCE_BYTES = 12
const TAG_BYTES = 16
const CHECKSUM_BYTES = 8
const COST_OFFSET = MAGIC.length + 1
const SALT_OFFSET = COST_OFFSET + 3
const NONCE_OFFSET = SALT_OFFSET + SALT_BYTES
const SEALED_OFFSET = NONCE_OFFSET + NONCE_BYTES
const CHECKSUM_OFFSET = SEALED_OFFSET + ENCODED_SECRETS_BYTES + TAG_BYTES
export const VAULT_BYTES = CHECKSUM_OFFSET + CHECKSUM_BYTES

/** What a file may ask for: no less than is safe, no more than a computer can spare (512 MiB). */
const LOG_N_RANGE = [15, 19] as const
const MAX_R = 8
const MAX_P = 4

/** The header binds cost and salt; all of it is associated data of the seal. */
export interface VaultHeader {
  readonly cost: ScryptCost
  readonly salt: Uint8Array
  readonly nonce: Uint8Array
}

/** magic(8) ‖ version(1) ‖ log2 N(1) ‖ r(1) ‖ p(1) ‖ salt(16) ‖ nonce(12). */
export function encodeVaultHeader({ cost, salt, nonce }: VaultHeader): Uint8Array {
  const bytes = Uint8Array.of(VERSION, Math.log2(cost.N), cost.r, cost.p)
  return concatBytes(MAGIC, bytes, salt, nonce)
}

/** header(40) ‖ sealed secrets(117) ‖ checksum(8), which tells a damaged file from a wrong passphrase. */
export function encodeVault(header: Uint8Array, sealed: Uint8Array): Uint8Array {
  const content = concatBytes(header, sealed)
  return concatBytes(content, sha256(content).subarray(0, CHECKSUM_BYTES))
}

/** @returns `null` where the file is not a vault of this version, was changed, or asks for an absurd cost. */
export function decodeVault(
  file: Uint8Array,
): (VaultHeader & { readonly header: Uint8Array; readonly sealed: Uint8Array }) | null {
  if (file.length !== VAULT_BYTES) return null
  if (!equalPublicBytes(file.subarray(0, MAGIC.length), MAGIC)) return null
  const content = file.subarray(0, CHECKSUM_OFFSET)
  const checksum = sha256(content).subarray(0, CHECKSUM_BYTES)
  if (!equalPublicBytes(checksum, file.subarray(CHECKSUM_OFFSET))) return null
  const [version, logN = 0, r = 0, p = 0] = file.subarray(MAGIC.length, SALT_OFFSET)
  const isBearable =
    logN >= LOG_N_RANGE[0] && logN <= LOG_N_RANGE[1] && r >= 1 && r <= MAX_R && p >= 1 && p <= MAX_P
  if (version !== VERSION || !isBearable) return null
  return {
    cost: { N: 2 ** logN, r, p },
    salt: file.subarray(SALT_OFFSET, NONCE_OFFSET),
    nonce: file.subarray(NONCE_OFFSET, SEALED_OFFSET),
    header: file.subarray(0, SEALED_OFFSET),
    sealed: file.subarray(SEALED_OFFSET, CHECKSUM_OFFSET),
  }
}
