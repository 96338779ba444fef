import { createDeviceList, listDevice } from '#crypto/device-list.ts'
import type { Context } from './context.ts'

/** Our signed device list, made at its first use and kept, so that repeating a registration repeats the same bytes. */
export function ownDeviceList(context: Context): Uint8Array {
  const { relayLogs } = context.store
  const kept = relayLogs.ownList()
  if (kept !== null) return kept.bytes
  const { address, deviceId, deviceCertificate } = context.account()
  const version = 1
  const bytes = createDeviceList(context.keys.signing, {
    address,
    version,
    createdAtMs: context.clock.nowMs(),
    devices: [listDevice(deviceId, deviceCertificate)],
  })
  context.commit(() => relayLogs.saveOwnList({ version, bytes }))
  return bytes
}
