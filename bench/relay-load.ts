// The load of the relay's benchmark, as a process of its own: reads one job from its parent, answers with numbers.
import { connect } from 'node:net'
import { randomBytes } from 'node:crypto'
import { WebSocket } from 'ws'
import {
  decodeDepositAnswers,
  DEPOSIT_WINDOW,
  encodeDepositFrame,
} from '#protocol/deposit-frames.ts'
import { decodeRelayFrame, encodeAckFrame } from '#protocol/relay-frames.ts'

export interface DepositJob {
  readonly kind: 'deposit'
  readonly port: number
  readonly clients: number
  readonly forMs: number
  readonly bodyBytes: number
  /** Delivery tokens in base64url, used in turn. */
  readonly tokens: readonly string[]
}

export interface StreamTarget {
  /** `ws://…` with path. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
}

export interface DrainJob {
  readonly kind: 'drain'
  readonly streams: readonly StreamTarget[]
  readonly envelopes: number
}

export interface OnlineJob {
  readonly kind: 'online'
  readonly port: number
  readonly stream: StreamTarget
  readonly token: string
  readonly count: number
  readonly everyMs: number
  readonly bodyBytes: number
}

/** Deposits over WebSockets, each with a full window in flight. */
export interface PipelineJob {
  readonly kind: 'pipeline'
  /** `ws://…` with path. */
  readonly url: string
  readonly connections: number
  readonly forMs: number
  readonly bodyBytes: number
  /** Delivery tokens, used in turn. */
  readonly tokens: readonly string[]
}

/** Devices that connect and stay. */
export interface IdleJob {
  readonly kind: 'idle'
  readonly streams: readonly StreamTarget[]
}

export type Job = DepositJob | DrainJob | OnlineJob | PipelineJob | IdleJob

export interface LoadResult {
  /** What was done, or what is held. */
  readonly count: number
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
}

function result(count: number, elapsedMs: number, latencies: number[]): LoadResult {
  const sorted = latencies.sort((a, b) => a - b)
  const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? 0
  return { count, perSecond: (count / elapsedMs) * 1_000, p50Ms: at(0.5), p99Ms: at(0.99) }
}

function depositHead(token: string, bodyBytes: number): Buffer {
  return Buffer.from(
    `PUT /v1/envelopes/${randomBytes(16).toString('base64url')} HTTP/1.1\r\nhost: bench\r\n` +
      `content-type: application/octet-stream\r\ncontent-length: ${bodyBytes}\r\n` +
      `sotto-delivery-token: ${token}\r\nsotto-device: 1\r\n\r\n`,
  )
}

/** One connection that sends a request at a time; `answered` gets each status line. */
function requester(port: number, answered: (status: string) => void) {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  let pending = ''
  socket.on('data', (chunk) => {
    pending += chunk.toString('latin1')
    const head = pending.indexOf('\r\n\r\n')
    if (head < 0) return
    const length = Number(/content-length: (\d+)/i.exec(pending)?.[1])
    if (pending.length < head + 4 + length) return
    const status = pending.slice(9, 12)
    pending = ''
    answered(status)
  })
  return socket
}

async function deposit(job: DepositJob): Promise<LoadResult> {
  const body = randomBytes(job.bodyBytes)
  const latencies: number[] = []
  const startedMs = performance.now()
  const client = (index: number): Promise<void> =>
    new Promise((resolve, reject) => {
      let sentMs = 0
      let turn = index
      const send = (): void => {
        sentMs = performance.now()
        const token = job.tokens[turn++ % job.tokens.length] ?? ''
        socket.write(Buffer.concat([depositHead(token, body.length), body]))
      }
      const socket = requester(job.port, (status) => {
        latencies.push(performance.now() - sentMs)
        if (status !== '201') reject(new Error(`answered ${status}`))
        else if (performance.now() - startedMs < job.forMs) send()
        else {
          socket.end()
          resolve()
        }
      })
      socket.once('error', reject)
      socket.once('connect', send)
    })
  await Promise.all(Array.from({ length: job.clients }, (_, index) => client(index)))
  return result(latencies.length, performance.now() - startedMs, latencies)
}

async function pipeline(job: PipelineJob): Promise<LoadResult> {
  const body = randomBytes(job.bodyBytes)
  const tokens = job.tokens.map((token) => Buffer.from(token, 'base64url'))
  const latencies: number[] = []
  const startedMs = performance.now()
  const connection = (index: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const socket = new WebSocket(job.url, { perMessageDeflate: false })
      const sentMs = new Map<number, number>()
      let next = index
      const send = (): void => {
        const number = next++
        sentMs.set(number, performance.now())
        const token = tokens[number % tokens.length] ?? body
        const id = randomBytes(16)
        socket.send(encodeDepositFrame({ number, token, deviceId: 1, id, body }))
      }
      socket.once('error', reject)
      socket.once('open', () => {
        for (let count = 0; count < DEPOSIT_WINDOW; count++) send()
      })
      socket.on('message', (data: Buffer) => {
        const nowMs = performance.now()
        const isOver = nowMs - startedMs >= job.forMs
        for (const { number, outcome } of decodeDepositAnswers(data) ?? []) {
          if (outcome !== 'STORED') reject(new Error(`answered ${outcome}`))
          latencies.push(nowMs - (sentMs.get(number) ?? 0))
          sentMs.delete(number)
          if (!isOver) send()
        }
        if (isOver && sentMs.size === 0) {
          socket.close()
          resolve()
        }
      })
      socket.once('close', (code) => reject(new Error(`closed with ${code}`)))
    })
  await Promise.all(Array.from({ length: job.connections }, (_, index) => connection(index)))
  return result(latencies.length, performance.now() - startedMs, latencies)
}

const ACK_EVERY = 64

async function drain(job: DrainJob): Promise<LoadResult> {
  let received = 0
  const sockets: WebSocket[] = []
  const startedMs = performance.now()
  await new Promise<void>((resolve, reject) => {
    for (const { url, headers } of job.streams) {
      const socket = new WebSocket(url, { headers, perMessageDeflate: false })
      sockets.push(socket)
      let unacknowledged = 0
      socket.on('error', reject)
      socket.on('message', (data: Buffer) => {
        const frame = decodeRelayFrame(data)
        if (frame?.kind !== 'envelope') return
        received += 1
        unacknowledged += 1
        if (unacknowledged >= ACK_EVERY) {
          unacknowledged = 0
          socket.send(encodeAckFrame(frame.envelope.sequence))
        }
        if (received === job.envelopes) resolve()
      })
    }
  })
  const elapsedMs = performance.now() - startedMs
  for (const socket of sockets) socket.terminate()
  return result(received, elapsedMs, [])
}

async function online(job: OnlineJob): Promise<LoadResult> {
  const body = randomBytes(job.bodyBytes)
  const sentMs: number[] = []
  const latencies: number[] = []
  const socket = new WebSocket(job.stream.url, {
    headers: { ...job.stream.headers },
    perMessageDeflate: false,
  })
  await new Promise((resolve, reject) => {
    socket.once('error', reject)
    socket.once('open', resolve)
  })
  const sender = requester(job.port, () => undefined)
  await new Promise((resolve) => sender.once('connect', resolve))
  const startedMs = performance.now()
  await new Promise<void>((resolve) => {
    socket.on('message', (data: Buffer) => {
      const frame = decodeRelayFrame(data)
      if (frame?.kind !== 'envelope') return
      latencies.push(performance.now() - (sentMs[latencies.length] ?? 0))
      socket.send(encodeAckFrame(frame.envelope.sequence))
      if (latencies.length === job.count) resolve()
    })
    const send = (): void => {
      // As many as are due: a timer that comes late does not lower the rate.
      const due = Math.floor((performance.now() - startedMs) / job.everyMs) + 1
      while (sentMs.length < Math.min(due, job.count)) {
        sentMs.push(performance.now())
        sender.write(Buffer.concat([depositHead(job.token, body.length), body]))
      }
      if (sentMs.length < job.count) setTimeout(send, job.everyMs)
    }
    send()
  })
  socket.terminate()
  sender.destroy()
  return result(job.count, performance.now() - startedMs, latencies)
}

/** Opened so many at once. */
const OPENING = 100

async function idle({ streams }: IdleJob): Promise<LoadResult> {
  const startedMs = performance.now()
  let next = 0
  let open = 0
  const opener = async (): Promise<void> => {
    for (let stream = streams[next++]; stream !== undefined; stream = streams[next++]) {
      const { url, headers } = stream
      await new Promise<void>((resolve, reject) => {
        const socket = new WebSocket(url, { headers, perMessageDeflate: false })
        // Told that nothing waits: the relay has it among its streams.
        socket.once('message', () => resolve())
        socket.once('error', reject)
        socket.once('close', () => (open -= 1))
      })
      open += 1
    }
  }
  await Promise.all(Array.from({ length: OPENING }, opener))
  return result(open, performance.now() - startedMs, [])
}

function run(job: Job): Promise<LoadResult> {
  switch (job.kind) {
    case 'deposit':
      return deposit(job)
    case 'pipeline':
      return pipeline(job)
    case 'drain':
      return drain(job)
    case 'idle':
      return idle(job)
    case 'online':
      return online(job)
  }
}

process.on('message', (job: Job) => {
  run(job).then(
    (measured) => process.send?.(measured),
    (cause: unknown) => {
      process.stderr.write(`${String(cause)}\n`)
      process.exit(1)
    },
  )
})
