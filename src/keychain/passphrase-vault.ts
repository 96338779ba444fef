import { readFile, rm } from 'node:fs/promises'
import type {
  Keychain,
  KeychainLoadError,
  KeychainRemoveError,
  KeychainSaveError,
  ProfileSecrets,
} from '#core/ports.ts'
import { AeadKey, randomBytes, scrypt, wipe, type ScryptCost } from '#crypto/primitives.ts'
import { encodeUtf8 } from '#shared/bytes.ts'
import { failure, type Failure } from '#shared/errors.ts'
import { err, ok, type Result } from '#shared/result.ts'
import { writeFileAtomically } from './atomic-file.ts'
import { decodeSecrets, encodeSecrets } from './secrets-codec.ts'
import {
  decodeVault,
  encodeVault,
  encodeVaultHeader,
  NONCE_BYTES,
  SALT_BYTES,
} from './vault-codec.ts'

const MIN_PASSPHRASE_CHARS = 8
const KEY_BYTES = 32
/** 128 MiB and about half a second, off the main thread. */
const COST: ScryptCost = { N: 2 ** 17, r: 8, p: 1 }

/**
 * The secrets of one profile in a file, under a passphrase (scrypt, then AES-256-GCM). For computers without a
 * keychain. The passphrase is kept as long as this object.
 */
export class PassphraseVault implements Keychain {
  readonly protection = 'vault'
  readonly backend = 'Passphrase vault (scrypt)'
  readonly #path: string
  #passphrase: string

  /** @param path - of the vault's file. */
  constructor(path: string, passphrase: string) {
    this.#path = path
    this.#passphrase = passphrase
  }

  async load(): Promise<Result<ProfileSecrets, Failure<KeychainLoadError>>> {
    const file = await readFileOrNull(this.#path)
    if (file === null) return err(failure('KEYCHAIN_ENTRY_MISSING'))
    const vault = decodeVault(file)
    if (vault === null) return err(failure('VAULT_DAMAGED'))
    const key = await deriveKey(this.#passphrase, vault.salt, vault.cost)
    const opened = key.open(vault.nonce, vault.sealed, vault.header)
    if (opened === null) return err(failure('PASSPHRASE_WRONG'))
    const secrets = decodeSecrets(opened)
    wipe(opened)
    return secrets === null ? err(failure('VAULT_DAMAGED')) : ok(secrets)
  }

  async save(secrets: ProfileSecrets): Promise<Result<void, Failure<KeychainSaveError>>> {
    if (isWeak(this.#passphrase)) return err(failure('PASSPHRASE_WEAK'))
    const salt = randomBytes(SALT_BYTES)
    // The key is new with its salt, so the nonce could be anything.
    const nonce = randomBytes(NONCE_BYTES)
    const key = await deriveKey(this.#passphrase, salt, COST)
    const encoded = encodeSecrets(secrets)
    const header = encodeVaultHeader({ cost: COST, salt, nonce })
    const file = encodeVault(header, key.seal(nonce, encoded, header))
    wipe(encoded)
    const written = await writeFileAtomically(this.#path, file)
    if (!written.ok) return written
    const readBack = await readFileOrNull(this.#path)
    if (readBack === null || Buffer.compare(readBack, file) !== 0) {
      throw new Error('the vault does not read as it was written')
    }
    return ok(undefined)
  }

  /** Seals the secrets under another passphrase. Where it fails, the old one stays. */
  async changePassphrase(
    passphrase: string,
  ): Promise<Result<void, Failure<KeychainLoadError | KeychainSaveError>>> {
    const secrets = await this.load()
    if (!secrets.ok) return secrets
    const saved = await new PassphraseVault(this.#path, passphrase).save(secrets.value)
    wipe(secrets.value.signingKey, secrets.value.agreementKey, secrets.value.databaseKey)
    if (saved.ok) this.#passphrase = passphrase
    return saved
  }

  async remove(): Promise<Result<void, Failure<KeychainRemoveError>>> {
    await rm(this.#path, { force: true })
    return ok(undefined)
  }
}

/** The same passphrase from whatever keyboard. */
function normalize(passphrase: string): string {
  return passphrase.normalize('NFKC')
}

function isWeak(passphrase: string): boolean {
  return [...normalize(passphrase)].length < MIN_PASSPHRASE_CHARS
}

async function deriveKey(passphrase: string, salt: Uint8Array, cost: ScryptCost): Promise<AeadKey> {
  const text = encodeUtf8(normalize(passphrase))
  const bytes = await scrypt(text, salt, KEY_BYTES, cost)
  const key = new AeadKey(bytes)
  wipe(text, bytes)
  return key
}

async function readFileOrNull(path: string): Promise<Uint8Array | null> {
  try {
    return await readFile(path)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}
