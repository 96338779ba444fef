import { hmacSha256 } from '#crypto/hkdf.ts'
import { randomBytes } from '#crypto/primitives.ts'
import { concatBytes, decodeBase64Url, encodeBase64Url, encodeUtf8 } from '#shared/bytes.ts'
import type { AccountId, MailboxId } from './storage.ts'

/** The device that a session speaks for. */
export interface DeviceSession {
  /** Also the id of the signing key (`keyid`) of its requests. */
  readonly id: string
  readonly key: Uint8Array
  readonly account: AccountId
  readonly mailbox: MailboxId
  readonly deviceId: number
}

export const SESSION_LIFETIME_MS = 15 * 60_000
const LABEL = encodeUtf8('sotto relay session v1\0')
const VERSION = 1
const PAYLOAD_BYTES = 37
const ACCOUNT_OFFSET = 1
const MAILBOX_OFFSET = 9
const DEVICE_OFFSET = 17
const EXPIRY_OFFSET = 21
const RANDOM_OFFSET = 29

/**
 * Sessions that need no table: the id says whom it is for and until when, and the key is derived from it under the
 * relay's secret. Whoever changes the id doesn't know its key; every process of a relay with the same database can
 * check it. Layout of an id: 1 ‖ account(8) ‖ mailbox(8) ‖ device(4) ‖ expiresAtMs(8) ‖ random(8).
 */
export class Sessions {
  readonly #secret: Uint8Array

  constructor(secret: Uint8Array) {
    this.#secret = secret
  }

  open(
    device: { readonly account: AccountId; readonly mailbox: MailboxId; readonly deviceId: number },
    nowMs: number,
  ): DeviceSession {
    const payload = new Uint8Array(PAYLOAD_BYTES)
    const view = new DataView(payload.buffer)
    payload[0] = VERSION
    view.setBigUint64(ACCOUNT_OFFSET, BigInt(device.account))
    view.setBigUint64(MAILBOX_OFFSET, BigInt(device.mailbox))
    view.setUint32(DEVICE_OFFSET, device.deviceId)
    view.setBigUint64(EXPIRY_OFFSET, BigInt(nowMs + SESSION_LIFETIME_MS))
    payload.set(randomBytes(PAYLOAD_BYTES - RANDOM_OFFSET), RANDOM_OFFSET)
    return { ...device, id: encodeBase64Url(payload), key: this.#key(payload) }
  }

  /** @returns `null` where the id is malformed or its time is over. A forged id gives a key its maker can't know. */
  find(id: string, nowMs: number): DeviceSession | null {
    const payload = decodeBase64Url(id)
    if (payload?.length !== PAYLOAD_BYTES || payload[0] !== VERSION) return null
    const view = new DataView(payload.buffer)
    if (view.getBigUint64(EXPIRY_OFFSET) <= BigInt(nowMs)) return null
    return {
      id,
      key: this.#key(payload),
      account: Number(view.getBigUint64(ACCOUNT_OFFSET)) as AccountId,
      mailbox: Number(view.getBigUint64(MAILBOX_OFFSET)) as MailboxId,
      deviceId: view.getUint32(DEVICE_OFFSET),
    }
  }

  #key(payload: Uint8Array): Uint8Array {
    return hmacSha256(this.#secret, concatBytes(LABEL, payload))
  }
}
