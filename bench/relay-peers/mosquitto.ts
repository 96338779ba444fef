import { mkdirSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { randomBytes } from '#crypto/primitives.ts'
import { BODY_BYTES } from '../relay-subjects.ts'
import {
  freePort,
  isInstalled,
  ServerProcess,
  Unacknowledged,
  type Peer,
  type Receiver,
  type Sender,
} from './peer.ts'

// As much of MQTT 3.1.1 as QoS 1 with persistent sessions needs.

const CONNECT = 0x10
const CONNACK = 0x20
const PUBLISH = 0x30
const QOS_1 = 0x02
const PUBACK = 0x40
const SUBSCRIBE = 0x82
const SUBACK = 0x90
const MAX_PACKET_ID = 0xffff

const text = (value: string): Buffer => {
  const bytes = Buffer.from(value)
  return Buffer.concat([uint16(bytes.length), bytes])
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16BE(value)
  return bytes
}

function packet(type: number, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts)
  const head = [type]
  let length = body.length
  do {
    head.push((length & 127) | (length > 127 ? 128 : 0))
    length >>= 7
  } while (length > 0)
  return Buffer.concat([Buffer.from(head), body])
}

/** A connection that hands over whole packets. */
class Connection {
  readonly #socket: Socket
  readonly #expected = new Map<number, () => void>()
  #received = Buffer.alloc(0)
  onPacket: (type: number, body: Buffer) => void = () => undefined

  constructor(port: number, onClose: () => void) {
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true })
    this.#socket.on('data', (chunk) => this.#read(chunk))
    this.#socket.on('error', () => undefined)
    this.#socket.on('close', onClose)
  }

  write(bytes: Uint8Array): void {
    this.#socket.write(bytes)
  }

  async open(clientId: string): Promise<void> {
    const flags = Buffer.of(4, 0)
    this.write(packet(CONNECT, text('MQTT'), flags, uint16(0), text(clientId)))
    await this.expect(CONNACK)
  }

  expect(type: number): Promise<void> {
    return new Promise((resolve) => this.#expected.set(type, resolve))
  }

  close(): void {
    this.#socket.destroy()
  }

  #read(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk])
    for (let offset = 0; ;) {
      let length = 0
      let head = 1
      for (let shift = 0; ; shift += 7) {
        const byte = this.#received[offset + head++]
        if (byte === undefined) return this.#keep(offset)
        length |= (byte & 127) << shift
        if (byte < 128) break
      }
      const end = offset + head + length
      if (end > this.#received.length) return this.#keep(offset)
      const type = this.#received[offset] ?? 0
      this.#expected.get(type & 0xf0)?.()
      this.onPacket(type, this.#received.subarray(offset + head, end))
      offset = end
    }
  }

  #keep(offset: number): void {
    this.#received = this.#received.subarray(offset)
  }
}

/** mosquitto with QoS 1 and persistent sessions, as Debian packages it; `null` where it is not installed. */
export async function mosquitto(folder: string): Promise<Peer | null> {
  if (!isInstalled('mosquitto')) return null
  const port = await freePort()
  mkdirSync(folder, { recursive: true, mode: 0o777 })
  const config = join(folder, 'mosquitto.conf')
  writeFileSync(
    config,
    [
      `listener ${port} 127.0.0.1`,
      'allow_anonymous true',
      'persistence true',
      `persistence_location ${folder}/`,
      'max_queued_messages 0',
      'set_tcp_nodelay true',
      'user root',
      '',
    ].join('\n'),
  )
  const server = new ServerProcess('mosquitto', ['-c', config], port)
  const body = randomBytes(BODY_BYTES)
  let clients = 0

  return {
    name: 'mosquitto (QoS 1, persistent sessions)',
    promise: 'in memory, written to disk every 30 minutes',
    onlinePerSecond: 1_000,
    start: () => server.start(),
    kill: () => server.kill(),
    prepare: async (recipients) => {
      for (let recipient = 0; recipient < recipients; recipient++) {
        const connection = new Connection(port, () => undefined)
        await connection.open(`r${recipient}`)
        const subscribed = connection.expect(SUBACK)
        connection.write(packet(SUBSCRIBE, uint16(1), text(`to/${recipient}`), Buffer.of(1)))
        await subscribed
        connection.close()
      }
    },
    sender: async (): Promise<Sender> => {
      const waiting = new Unacknowledged()
      const connection = new Connection(port, () => waiting.end())
      await connection.open(`s${clients++}`)
      connection.onPacket = (type, packetBody) => {
        if (type === PUBACK) waiting.acknowledge(packetBody.readUInt16BE(0))
      }
      let last = 0
      return {
        send: (recipient) => {
          last = (last % MAX_PACKET_ID) + 1
          connection.write(packet(PUBLISH | QOS_1, text(`to/${recipient}`), uint16(last), body))
          return waiting.wait(last)
        },
        close: () => connection.close(),
      }
    },
    receiver: async (recipient, received): Promise<Receiver> => {
      const connection = new Connection(port, () => undefined)
      connection.onPacket = (type, packetBody) => {
        if ((type & 0xf0) !== PUBLISH) return
        const topicBytes = packetBody.readUInt16BE(0)
        connection.write(packet(PUBACK, packetBody.subarray(2 + topicBytes, 4 + topicBytes)))
        received()
      }
      await connection.open(`r${recipient}`)
      return { close: () => connection.close() }
    },
  }
}
