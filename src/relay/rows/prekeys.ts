import type {
  PrekeyBundle,
  PrekeyCounts,
  PrekeyUpload,
  Publication,
  SignedPrekey,
} from '../storage.ts'
import type { DeviceRow } from './accounts.ts'

export type PrekeyKind = 'signed' | 'kem-last-resort' | 'one-time' | 'kem-one-time'

export interface PrekeyRow {
  readonly id: number
  readonly public_key: Uint8Array
  readonly signature: Uint8Array
}

interface BundleRows {
  readonly signed: PrekeyRow
  readonly lastResort: PrekeyRow
  readonly kem: PrekeyRow | undefined
  readonly oneTime: PrekeyRow | undefined
}

/** The column of prekeys that have no signature. */
export const UNSIGNED = new Uint8Array(0)

/** The answer to an upload that changes nothing; `null` where it is to be stored. */
export function withoutStoring(
  before: PrekeyCounts,
  upload: PrekeyUpload,
  maxWaiting: number,
): Publication | null {
  if (upload.version < before.version) return { outcome: 'stale', counts: before }
  if (upload.version === before.version) return { outcome: 'stored', counts: before }
  const isTooMany =
    before.oneTime + upload.oneTime.length > maxWaiting ||
    before.kemOneTime + upload.kemOneTime.length > maxWaiting
  return isTooMany ? { outcome: 'too-many', counts: before } : null
}

/** The bundle of a device, whose one-time keys are taken for it. */
export function bundleOf(
  { device, certificate }: DeviceRow,
  { signed, lastResort, kem, oneTime }: BundleRows,
): PrekeyBundle {
  return {
    deviceId: device,
    certificate,
    signedPrekey: signedPrekey(signed),
    kemPrekey: { ...signedPrekey(kem ?? lastResort), lastResort: kem === undefined },
    oneTimePrekey: oneTime === undefined ? null : { id: oneTime.id, publicKey: oneTime.public_key },
  }
}

function signedPrekey(row: PrekeyRow): SignedPrekey {
  return { id: row.id, publicKey: row.public_key, signature: row.signature }
}
