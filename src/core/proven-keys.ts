import { listDevice, verifyDeviceList, type DeviceList } from '#crypto/device-list.ts'
import { listEntry } from '#crypto/key-log.ts'
import { decodeSigningPublicKey } from '#crypto/public-keys.ts'
import type { SigningPublicKey } from '#crypto/primitives.ts'
import { equalPublicBytes } from '#shared/bytes.ts'
import { failure, type ErrorCode, type Failure } from '#shared/errors.ts'
import { err, type Result } from '#shared/result.ts'
import { hostOf, nameOf, type Address } from '#protocol/address.ts'
import type { Context } from './context.ts'
import { lookAgainUpTo } from './looking-again.ts'
import type { RelayBundles, RelayIdentity } from './ports.ts'
import type { KeyLogProof } from './relay-log-ports.ts'
import { checkGrowth, distrust, isDistrusted, proveChain } from './relay-logs.ts'

// Keys that a relay hands out are used only where its log has them (PROTOCOL §18.6).

type Refusal = Failure<ErrorCode>

/** Asks an address' relay for its account, and has it proven. @returns The signing key. */
export async function fetchProvenKey(
  context: Context,
  address: Address,
): Promise<Result<SigningPublicKey, Refusal>> {
  return context.hostTurns.take(hostOf(address), () => provenIdentity(context, address))
}

/** Asks an address' relay for prekeys, and has the keys they belong to proven. */
export async function fetchProvenBundles(
  context: Context,
  address: Address,
  idempotencyKey: Uint8Array,
): Promise<Result<RelayBundles, Refusal>> {
  const host = hostOf(address)
  return context.hostTurns.take(host, async () => {
    if (isDistrusted(context, host)) return err(failure('RELAY_DISTRUSTED'))
    const fetched = await context.relay.fetchBundles(host, nameOf(address), idempotencyKey)
    if (!fetched.ok) return fetched
    const { signingKey, bundles, log } = fetched.value
    const list = await proveList(context, address, log)
    if (!list.ok && list.error !== 'unproven') return err(list.error)
    if (list.ok && isKeyOf(list.value, signingKey) && bundles.every(isListedIn(list.value))) {
      return fetched
    }
    // It may have changed in between: the account is asked for anew, and judged by that.
    const identity = await provenIdentity(context, address)
    return identity.ok ? err(failure('RELAY_BAD_ANSWER')) : identity
  })
}

async function provenIdentity(
  context: Context,
  address: Address,
): Promise<Result<SigningPublicKey, Refusal>> {
  const host = hostOf(address)
  if (isDistrusted(context, host)) return err(failure('RELAY_DISTRUSTED'))
  for (let attempt = 1; ; attempt++) {
    const fetched = await context.relay.fetchIdentity(host, nameOf(address))
    if (!fetched.ok) return fetched
    const list = await proveList(context, address, fetched.value.log)
    if (list.ok && isWholeAccount(list.value, fetched.value)) {
      return decodeSigningPublicKey(fetched.value.signingKey)
    }
    if (!list.ok && list.error !== 'unproven') return err(list.error)
    // Once may be an answer from the middle of a change; twice is none.
    if (attempt === 2) {
      return err(distrust(context, host, 'keys-not-logged', fetched.value.log))
    }
  }
}

/** The device list that a log has for an address; `unproven` where what was given does not show it. */
async function proveList(
  context: Context,
  address: Address,
  log: KeyLogProof | null,
): Promise<Result<DeviceList, Refusal | 'unproven'>> {
  if (log === null) return err(failure('KEYS_NOT_PUBLISHED'))
  const proven = await proveChain(context, address, log, null)
  if (!proven.ok) return proven
  const newest = log.chain.entries.at(-1)
  const list = log.deviceList && verifyDeviceList(log.deviceList)
  if (newest?.kind !== 'device-list' || !log.deviceList || !list?.ok) return err('unproven')
  const isLogged = equalPublicBytes(listEntry(log.deviceList).hash, newest.hash)
  if (!isLogged || list.value.address !== address) return err('unproven')
  // This look must not jump over sizes at which the owner looks: a lie at the last one would never be found.
  const between = await lookAgainUpTo(context, address, proven.value.size - 1)
  if (!between.ok) return between
  const grown = await checkGrowth(context, address, proven.value)
  return grown.ok ? list : grown
}

function isKeyOf(list: DeviceList, signingKey: Uint8Array): boolean {
  return equalPublicBytes(list.signingKey, signingKey)
}

function isListedIn({ devices }: DeviceList) {
  return (given: { readonly deviceId: number; readonly certificate: Uint8Array }): boolean => {
    const { certificateHash } = listDevice(given.deviceId, given.certificate)
    return devices.some(
      (listed) =>
        listed.deviceId === given.deviceId &&
        equalPublicBytes(listed.certificateHash, certificateHash),
    )
  }
}

/** Whether a relay shows exactly the key and the devices that are listed: none added, none left out. */
function isWholeAccount(list: DeviceList, { signingKey, devices }: RelayIdentity): boolean {
  const numbers = new Set(devices.map(({ deviceId }) => deviceId))
  return (
    isKeyOf(list, signingKey) &&
    devices.every(isListedIn(list)) &&
    numbers.size === devices.length &&
    numbers.size === list.devices.length
  )
}
