// Many devices with the real client's connection, as a process of its own: its parent tells it what to do.
import { systemClock } from '#core/system-clock.ts'
import { randomBytes, SigningKeyPair } from '#crypto/primitives.ts'
import type { RequestSigner } from '#core/ports.ts'
import { RelayClient } from '#relay-client/client.ts'
import { encodeHex } from '#shared/bytes.ts'

export type DevicesOrder =
  /** Make so many devices. */
  | { readonly kind: 'make'; readonly count: number }
  /** Connect all of them, for good. */
  | { readonly kind: 'connect'; readonly host: string }
  /** Say when each has received so many envelopes since the last round. */
  | { readonly kind: 'await'; readonly envelopesEach: number }

export type DevicesReport =
  /** Signing keys in hex; the names are `device0`, `device1`, … */
  | { readonly kind: 'made'; readonly signingKeys: readonly string[] }
  | {
      readonly kind: 'done'
      /** Of each device: when it was connected last, and when it had received everything. */
      readonly onlineAtMs: readonly number[]
      readonly doneAtMs: readonly number[]
      /** Envelopes that came more than once. */
      readonly repeated: number
    }

interface Device {
  readonly signer: RequestSigner
  readonly received: Set<string>
  repeated: number
  onlineAtMs: number
  doneAtMs: number
}

const client = new RelayClient({ clock: systemClock, random: randomBytes })
let devices: Device[] = []
let wanted = 0

function make(index: number): Device {
  const pair = SigningKeyPair.generate(randomBytes)
  const signer = {
    name: `device${index}`,
    deviceId: 1,
    signingKey: pair.publicKey,
    sign: (base: Uint8Array) => pair.signRaw(base),
  }
  return { signer, received: new Set(), repeated: 0, onlineAtMs: 0, doneAtMs: 0 }
}

function connect(device: Device, host: string): void {
  client.subscribe(host, device.signer, 0, {
    received: async (batch) => {
      for (const { envelopeId } of batch) {
        const id = encodeHex(envelopeId)
        if (device.received.has(id)) device.repeated += 1
        device.received.add(id)
      }
      device.doneAtMs = Date.now()
      reportWhenDone()
    },
    drained: () => undefined,
    stateChanged: ({ kind }) => {
      if (kind === 'online') device.onlineAtMs = Date.now()
    },
  })
}

function reportWhenDone(): void {
  if (wanted === 0 || devices.some(({ received }) => received.size < wanted)) return
  wanted = 0
  report({
    kind: 'done',
    onlineAtMs: devices.map(({ onlineAtMs }) => onlineAtMs),
    doneAtMs: devices.map(({ doneAtMs }) => doneAtMs),
    repeated: devices.reduce((sum, { repeated }) => sum + repeated, 0),
  })
  for (const { received } of devices) received.clear()
}

function report(message: DevicesReport): void {
  process.send?.(message)
}

process.on('message', (order: DevicesOrder) => {
  switch (order.kind) {
    case 'make':
      devices = Array.from({ length: order.count }, (_, index) => make(index))
      report({
        kind: 'made',
        signingKeys: devices.map(({ signer }) => encodeHex(signer.signingKey)),
      })
      return
    case 'connect':
      for (const device of devices) connect(device, order.host)
      return
    case 'await':
      wanted = order.envelopesEach
      reportWhenDone()
  }
})
