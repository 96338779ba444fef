import { BinaryReader, BinaryWriter } from '#protocol/binary.ts'
import { POINT_BYTES } from '#protocol/envelope.ts'
import { concatBytes, encodeUtf8 } from '#shared/bytes.ts'
import { failure, type Failure } from '#shared/errors.ts'
import { err, ok, type Result } from '#shared/result.ts'
import { SIGNATURE_BYTES } from './der-signature.ts'
import { MAX_ADDRESS_BYTES } from './identity.ts'
import { HASH_BYTES } from './merkle-log.ts'
import { sha256, type SigningKeyPair, type SigningPublicKey } from './primitives.ts'
import { decodeSigningPublicKey } from './public-keys.ts'
import { signStatement, verifyStatement } from './signatures.ts'

const LIST_VERSION = 1
/** Devices of one account. */
export const MAX_DEVICES = 32

export interface ListedDevice {
  /** 1 … 2^32 − 1. */
  readonly deviceId: number
  /** SHA-256 of its certificate, 32 bytes. */
  readonly certificateHash: Uint8Array
}

/** What an account says about which devices it has. */
export interface DeviceList {
  readonly address: string
  readonly signingKey: SigningPublicKey
  /** Grows with each list of the account, from 1. */
  readonly version: number
  readonly createdAtMs: number
  /** In ascending order of their numbers. */
  readonly devices: readonly ListedDevice[]
}

/** An entry of a device list. */
export function listDevice(deviceId: number, certificate: Uint8Array): ListedDevice {
  return { deviceId, certificateHash: sha256(certificate) }
}

/**
 * Signs a device list (PROTOCOL §18.1).
 * Layout: version(1) ‖ address(2 + n) ‖ signing key(65) ‖ list version(8) ‖ creation time in ms(8) ‖ number of devices(2)
 * ‖ for each device: number(4), SHA-256 of its certificate(32) ‖ signature(64) over all before it.
 * @throws RangeError where the devices are none, too many or not in order.
 */
export function createDeviceList(
  signer: SigningKeyPair,
  list: Omit<DeviceList, 'signingKey'>,
): Uint8Array {
  if (!areInOrder(list.devices)) throw new RangeError('devices come once each, in order')
  if (encodeUtf8(list.address).length > MAX_ADDRESS_BYTES) {
    throw new RangeError('the address is longer than MAX_ADDRESS_BYTES')
  }
  const writer = new BinaryWriter()
    .uint8(LIST_VERSION)
    .text(list.address)
    .bytes(signer.publicKey)
    .uint64(list.version)
    .uint64(list.createdAtMs)
    .uint16(list.devices.length)
  for (const { deviceId, certificateHash } of list.devices) {
    writer.uint32(deviceId).bytes(certificateHash)
  }
  const body = writer.finish()
  return concatBytes(body, signStatement(signer, 'device list', body))
}

/**
 * Reads a device list and verifies it under the key it names. Whether to trust that key is the caller's to decide.
 * @returns `UNKNOWN_VERSION`, or `SIGNATURE_INVALID` for anything else that does not fit.
 */
export function verifyDeviceList(
  bytes: Uint8Array,
): Result<DeviceList, Failure<'UNKNOWN_VERSION' | 'SIGNATURE_INVALID'>> {
  const reader = new BinaryReader(bytes)
  const layout = reader.uint8()
  if (reader.ok && layout !== LIST_VERSION) return err(failure('UNKNOWN_VERSION'))
  const address = reader.text()
  const signingKey = decodeSigningPublicKey(reader.bytes(POINT_BYTES))
  const version = reader.uint64()
  const createdAtMs = reader.uint64()
  const count = reader.uint16()
  reader.require(count <= MAX_DEVICES && encodeUtf8(address).length <= MAX_ADDRESS_BYTES)
  const devices: ListedDevice[] = []
  for (let i = 0; i < count && reader.ok; i++) {
    devices.push({ deviceId: reader.uint32(), certificateHash: reader.bytes(HASH_BYTES) })
  }
  const signature = reader.bytes(SIGNATURE_BYTES)
  if (!reader.finish() || !signingKey.ok || version === 0 || !areInOrder(devices)) {
    return err(failure('SIGNATURE_INVALID'))
  }
  const body = bytes.subarray(0, bytes.length - SIGNATURE_BYTES)
  if (!verifyStatement(signingKey.value, 'device list', body, signature)) {
    return err(failure('SIGNATURE_INVALID'))
  }
  return ok({ address, signingKey: signingKey.value, version, createdAtMs, devices })
}

function areInOrder(devices: readonly ListedDevice[]): boolean {
  if (devices.length === 0 || devices.length > MAX_DEVICES) return false
  return devices.every(({ deviceId }, index) => deviceId > (devices[index - 1]?.deviceId ?? 0))
}
