import { createDeviceCertificate, type OwnDevice } from '#crypto/identity.ts'
import { AgreementKeyPair, SigningKeyPair, type SigningPublicKey } from '#crypto/primitives.ts'
import type { Address } from '#protocol/address.ts'
import type { Account } from './model.ts'
import { nameOf } from '#protocol/address.ts'
import type { ProfileSecrets, RequestSigner } from './ports.ts'

/** The private keys of this device, held only here while the profile is open. */
export class DeviceKeys {
  readonly signing: SigningKeyPair
  readonly agreement: AgreementKeyPair

  constructor(signing: SigningKeyPair, agreement: AgreementKeyPair) {
    this.signing = signing
    this.agreement = agreement
  }

  /** @returns `null` where a scalar is not valid: the keychain's entry is damaged. */
  static fromSecrets(secrets: ProfileSecrets): DeviceKeys | null {
    const signing = SigningKeyPair.fromScalar(secrets.signingKey)
    const agreement = AgreementKeyPair.fromScalar(secrets.agreementKey)
    return signing && agreement && new DeviceKeys(signing, agreement)
  }

  /** Certifies this device for an address (PROTOCOL §3.3). */
  certify(address: Address, deviceId: number, createdAtMs: number): Uint8Array {
    return createDeviceCertificate(this.signing, {
      address,
      deviceId,
      agreementKey: this.agreement.publicKey,
      createdAtMs,
    })
  }

  /** Whether these are the keys of that account: a keychain entry of another profile must not be used. */
  belongTo(account: Account): boolean {
    return (
      Buffer.compare(this.signing.publicKey, account.signingKey) === 0 &&
      Buffer.compare(this.agreement.publicKey, account.agreementKey) === 0
    )
  }

  ownDevice(account: Account): OwnDevice {
    return {
      address: account.address,
      deviceId: account.deviceId,
      signingKey: this.signing.publicKey,
      agreement: this.agreement,
      certificate: account.deviceCertificate,
    }
  }

  signer(account: Account): RequestSigner {
    return {
      name: nameOf(account.address),
      deviceId: account.deviceId,
      signingKey: this.signing.publicKey,
      sign: (signatureBase) => this.signing.signRaw(signatureBase),
    }
  }
}

/**
 * A signing key read back from the store. It was checked to be on the curve before it was stored, and the
 * store's pages are authenticated: checking it at every read would cost as much as a key agreement.
 */
export function storedSigningKey(bytes: Uint8Array): SigningPublicKey {
  return bytes as SigningPublicKey
}
