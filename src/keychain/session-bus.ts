import { connect, type Socket } from 'node:net'
import { join } from 'node:path'

// The little of the D-Bus specification (0.43) that asking a service for a property takes: authentication by user
// id, method calls with strings, and the first value of an answer. keytar cannot tell a locked keyring from a
// missing entry, and one of its calls crashes the process on a locked one (`secret-service.ts`).

const METHOD_CALL = 1
const METHOD_RETURN = 2
const ERROR = 3
const FIELD = { path: 1, interface: 2, member: 3, replySerial: 5, destination: 6, signature: 8 }
const FIXED_HEADER_BYTES = 16
/** The standard allows 128 MiB; nothing asked for here comes near this. */
const MAX_MESSAGE_BYTES = 1 << 20

export interface MethodCall {
  readonly destination: string
  readonly path: string
  readonly interface: string
  readonly member: string
  /** Arguments, all strings. */
  readonly strings: readonly string[]
}

/** Where the session's bus listens, for `net.connect`; `null` where there is none. */
export function sessionBusPath(env: NodeJS.ProcessEnv): string | null {
  const address = env['DBUS_SESSION_BUS_ADDRESS']
  if (address === undefined || address === '') {
    const runtimeFolder = env['XDG_RUNTIME_DIR']
    return runtimeFolder === undefined || runtimeFolder === '' ? null : join(runtimeFolder, 'bus')
  }
  for (const server of address.split(';')) {
    const [, transport, options = ''] = /^([^:]*):(.*)$/.exec(server) ?? []
    if (transport !== 'unix') continue
    for (const option of options.split(',')) {
      const [, key, value = ''] = /^([^=]*)=(.*)$/.exec(option) ?? []
      if (key === 'path') return unescapeAddress(value)
      if (key === 'abstract') return `\0${unescapeAddress(value)}`
    }
  }
  return null
}

function unescapeAddress(value: string): string {
  return value.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(parseInt(hex, 16)),
  )
}

/** A connection to the session's bus. Every method rejects where the bus or the service answers with an error. */
export class SessionBus {
  readonly #socket: Socket
  readonly #input: AsyncIterator<Buffer, undefined>
  #received = Buffer.alloc(0)
  #serial = 0

  private constructor(socket: Socket) {
    this.#socket = socket
    this.#input = (socket as AsyncIterable<Buffer>)[Symbol.asyncIterator]() as AsyncIterator<
      Buffer,
      undefined
    >
  }

  /** @param signal - ends the connection, also in the middle of a call. */
  static async open(path: string, signal: AbortSignal): Promise<SessionBus> {
    const socket = connect({ path, signal })
    const bus = new SessionBus(socket)
    const userId = Buffer.from(String(process.getuid?.() ?? 0)).toString('hex')
    socket.write(`\0AUTH EXTERNAL ${userId}\r\n`)
    const answer = await bus.#readLine()
    if (!answer.startsWith('OK ')) throw new Error('the session bus refuses this user')
    socket.write('BEGIN\r\n')
    await bus.call({
      destination: 'org.freedesktop.DBus',
      path: '/org/freedesktop/DBus',
      interface: 'org.freedesktop.DBus',
      member: 'Hello',
      strings: [],
    })
    return bus
  }

  /** Calls a method; the answer's first value, where it is a string, an object path, or a boolean in a variant. */
  async call(call: MethodCall): Promise<string | boolean> {
    const serial = ++this.#serial
    this.#socket.write(encodeCall(call, serial))
    for (;;) {
      const message = await this.#readMessage()
      const header = decodeHeader(message)
      if (header.replySerial !== serial) continue
      if (header.type !== METHOD_RETURN) throw new Error(`${call.member} was answered by an error`)
      return decodeFirst(message, header)
    }
  }

  close(): void {
    this.#socket.destroy()
  }

  async #readLine(): Promise<string> {
    let end: number
    while ((end = this.#received.indexOf('\r\n')) < 0) await this.#receive()
    return this.#take(end + 2).toString('latin1')
  }

  async #readMessage(): Promise<Buffer> {
    while (this.#received.length < FIXED_HEADER_BYTES) await this.#receive()
    const bodyBytes = this.#received.readUInt32LE(4)
    const fieldBytes = this.#received.readUInt32LE(12)
    const length = align(FIXED_HEADER_BYTES + fieldBytes, 8) + bodyBytes
    if (this.#received[0] !== 0x6c || length > MAX_MESSAGE_BYTES) {
      throw new RangeError('the session bus sends a message of another form')
    }
    while (this.#received.length < length) await this.#receive()
    return this.#take(length)
  }

  async #receive(): Promise<void> {
    const { value, done } = await this.#input.next()
    if (done) throw new Error('the session bus has closed the connection')
    this.#received = Buffer.concat([this.#received, value])
    if (this.#received.length > MAX_MESSAGE_BYTES) throw new RangeError('the answer is too long')
  }

  #take(length: number): Buffer {
    const taken = this.#received.subarray(0, length)
    this.#received = this.#received.subarray(length)
    return taken
  }
}

function align(offset: number, to: number): number {
  return Math.ceil(offset / to) * to
}

/** Little-endian values, each at its alignment. */
class Writer {
  #bytes = Buffer.alloc(0)

  get length(): number {
    return this.#bytes.length
  }

  byte(...values: number[]): this {
    this.#bytes = Buffer.concat([this.#bytes, Buffer.from(values)])
    return this
  }

  pad(to: number): this {
    this.#bytes = Buffer.concat([this.#bytes], align(this.length, to))
    return this
  }

  uint32(value: number): this {
    this.pad(4)
    return this.byte(value & 255, (value >> 8) & 255, (value >> 16) & 255, value >>> 24)
  }

  string(value: string): this {
    const text = Buffer.from(value)
    return this.uint32(text.length).byte(...text, 0)
  }

  signature(value: string): this {
    return this.byte(value.length, ...Buffer.from(value), 0)
  }

  toBuffer(): Buffer {
    return this.#bytes
  }
}

function encodeCall(call: MethodCall, serial: number): Buffer {
  const body = new Writer()
  for (const text of call.strings) body.string(text)
  const fields = new Writer()
  const stringField = (code: number, type: string, value: string): void => {
    fields.pad(8).byte(code).signature(type).string(value)
  }
  stringField(FIELD.path, 'o', call.path)
  stringField(FIELD.interface, 's', call.interface)
  stringField(FIELD.member, 's', call.member)
  stringField(FIELD.destination, 's', call.destination)
  if (call.strings.length > 0) {
    fields.pad(8).byte(FIELD.signature).signature('g').signature('s'.repeat(call.strings.length))
  }
  const header = new Writer()
    .byte(0x6c, METHOD_CALL, 0, 1)
    .uint32(body.length)
    .uint32(serial)
    .uint32(fields.length)
    .byte(...fields.toBuffer())
    .pad(8)
  return Buffer.concat([header.toBuffer(), body.toBuffer()])
}

interface Header {
  readonly type: number
  readonly replySerial: number | null
  readonly signature: string
  readonly bodyOffset: number
}

function decodeHeader(message: Buffer): Header {
  const end = FIXED_HEADER_BYTES + message.readUInt32LE(12)
  let replySerial: number | null = null
  let signature = ''
  for (let offset = FIXED_HEADER_BYTES; offset < end;) {
    offset = align(offset, 8)
    const code = message[offset]
    const type = readSignature(message, offset + 1)
    offset += 1 + type.length + 2
    if (type === 'g') {
      const value = readSignature(message, offset)
      if (code === FIELD.signature) signature = value
      offset += value.length + 2
    } else {
      offset = align(offset, 4)
      const value = message.readUInt32LE(offset)
      if (code === FIELD.replySerial) replySerial = value
      // A string or path: its length, its bytes, and a zero.
      offset += type === 'u' ? 4 : 4 + value + 1
    }
  }
  return { type: message[1] ?? ERROR, replySerial, signature, bodyOffset: align(end, 8) }
}

function readSignature(message: Buffer, offset: number): string {
  return message.toString('latin1', offset + 1, offset + 1 + message.readUInt8(offset))
}

function decodeFirst(message: Buffer, { signature, bodyOffset }: Header): string | boolean {
  if (signature.startsWith('s') || signature.startsWith('o')) {
    const start = bodyOffset + 4
    return message.toString('utf8', start, start + message.readUInt32LE(bodyOffset))
  }
  if (signature === 'v' && readSignature(message, bodyOffset) === 'b') {
    return message.readUInt32LE(align(bodyOffset + 3, 4)) === 1
  }
  throw new RangeError('the answer is of another type')
}
