import { connect } from 'node:net'

/** An answer as it came over the wire. */
export interface RawAnswer {
  readonly status: number
  readonly headers: ReadonlyMap<string, string>
  readonly body: string
}

export interface RawRequest {
  readonly method: string
  readonly target: string
  readonly headers: readonly (readonly [string, string])[]
  readonly body: Uint8Array
}

const PATIENCE_MS = 10_000

/** The bytes of a request, however wrong; `host`, `connection` and a length are added where they are missing. */
export function encodeRequest(host: string, request: RawRequest): Uint8Array {
  const { method, target, headers, body } = request
  const has = (name: string): boolean => headers.some(([one]) => one.toLowerCase() === name)
  const lines = [
    `${method} ${target} HTTP/1.1`,
    ...(has('host') ? [] : [`host: ${host}`]),
    'connection: close',
    ...(has('content-length') || has('transfer-encoding') || (body.length === 0 && method === 'GET')
      ? []
      : [`content-length: ${body.length}`]),
    ...headers.map(([name, value]) => `${name}: ${value}`),
  ]
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), body])
}

function parse(bytes: Buffer): RawAnswer | null {
  const end = bytes.indexOf('\r\n\r\n')
  const [first = '', ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n')
  const status = /^HTTP\/1\.1 (\d{3}) /.exec(first)?.[1]
  if (end === -1 || status === undefined) return null
  const headers = new Map(
    lines.map((line) => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const
    }),
  )
  // What comes after it belongs to whatever the relay took for a next request.
  const length = Number(headers.get('content-length') ?? Infinity)
  const body = bytes.subarray(end + 4, end + 4 + length).toString()
  return { status: Number(status), headers, body }
}

/**
 * Sends bytes on a connection of their own and reads until the relay closes it.
 * @param abandonAfter - destroy the connection after so many bytes of the request.
 * @param settleMs - take what has come by then, where the relay may rightly wait for more.
 * @returns `null` where it closed without an answer.
 * @throws where the relay keeps the connection open without an answer, or answers with something that isn't HTTP.
 */
export function exchange(
  host: string,
  bytes: Uint8Array,
  { abandonAfter, settleMs }: { readonly abandonAfter?: number; readonly settleMs?: number } = {},
): Promise<RawAnswer | null> {
  const [hostname = '', port] = host.split(':')
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    const socket = connect(Number(port), hostname)
    const timer = setTimeout(() => {
      socket.destroy()
      if (settleMs === undefined) {
        reject(new Error('the relay neither answered nor closed the connection'))
      }
    }, settleMs ?? PATIENCE_MS)
    socket.on('data', (chunk) => chunks.push(chunk))
    // A connection that the relay ends while it is written to is no answer, but no fault either.
    socket.on('error', () => undefined)
    socket.on('close', () => {
      clearTimeout(timer)
      const received = Buffer.concat(chunks)
      const answer = received.length === 0 ? null : parse(received)
      const isOdd = received.length > 0 && answer === null && settleMs === undefined
      if (isOdd) reject(new Error(`no HTTP: ${received.toString('latin1')}`))
      else resolve(answer)
    })
    if (abandonAfter === undefined) socket.write(bytes)
    else {
      socket.write(bytes.subarray(0, abandonAfter), () => setTimeout(() => socket.destroy(), 2))
    }
  })
}
