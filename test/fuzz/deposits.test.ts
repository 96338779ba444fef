import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { tokenHash } from '#crypto/delivery-token.ts'
import { randomBytes } from '#crypto/primitives.ts'
import {
  decodeDepositAnswers,
  DEPOSIT_CLOSE,
  DEPOSIT_OUTCOMES,
  DEPOSIT_WINDOW,
  DEPOSIT_WINDOW_BYTES,
  encodeDepositFrame,
  type DepositFrame,
  type DepositOutcomeName,
} from '#protocol/deposit-frames.ts'
import { MAX_ENVELOPE_BYTES } from '#protocol/relay-limits.ts'
import { CERTIFICATE, testClient, testSigner, unwrap } from '../unit/relay/harness.ts'
import { DeliveryLedger } from './delivery-ledger.ts'
import {
  depositSteps,
  WRONG,
  WRONG_KINDS,
  type Form,
  type PlannedDeposit,
  type Step,
  type TokenKind,
} from './deposit-steps.ts'
import { eventually, RawWebSocket, settle } from './raw-websocket.ts'
import { expectReached } from './reached.ts'
import { expectNoLeak, fuzz, RelayUnderTest, RUNS, SEED } from './relay-under-test.ts'
import {
  BINARY,
  clientFrame,
  CLOSE,
  encodeFrame,
  FIN,
  fragments,
  MOST_CONTROL_BYTES,
  PING,
  PONG,
  showSteps,
} from './websocket-frames.ts'

// The senders' WebSocket, spoken to rightly, wrongly, and by whoever stops in the middle. Whatever is done, what the
// relay acknowledges is delivered once, and a good sender beside it notices nothing.

const PATH = '/v1/deposits'
/** Of a mailbox, as the configuration of the relay has it. */
const MAILBOX_ENVELOPES = 600
const LARGEST_BODY = 60_000
const ANSWER_OPCODES = [BINARY, PONG, CLOSE]

const relay = new RelayUnderTest()
const client = testClient()
const ledger = new DeliveryLedger()
const ended = randomBytes(32)
const full = randomBytes(32)
/** What the relay has answered in the whole run, and closed with. */
const outcomes = new Set<DepositOutcomeName>()
const closeCodes = new Set<number>()
const wrongs = new Set<string>()
let neighbour: LibrarySender

/** A sender with a real library. */
class LibrarySender {
  readonly socket: WebSocket
  readonly answers: (readonly [number, DepositOutcomeName])[] = []
  readonly closed: Promise<number>
  #isClosed = false

  private constructor() {
    this.socket = new WebSocket(`ws://${relay.host}${PATH}`, { perMessageDeflate: true })
    this.socket.on('message', (data: Buffer, isBinary: boolean) => {
      const answers = isBinary ? decodeDepositAnswers(data) : null
      if (answers === null) throw new Error('the relay sent a frame that is no answer')
      for (const { number, outcome } of answers) this.answers.push([number, outcome])
    })
    this.closed = new Promise((resolve) =>
      this.socket.once('close', (code) => {
        this.#isClosed = true
        resolve(code)
      }),
    )
  }

  static async open(): Promise<LibrarySender> {
    const sender = new LibrarySender()
    await new Promise((resolve, reject) => {
      sender.socket.once('open', resolve)
      sender.socket.once('error', reject)
    })
    // What it is cut off for is looked at by the code.
    sender.socket.on('error', () => undefined)
    return sender
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  async deposit(): Promise<void> {
    const number = this.answers.length
    const deposit = { number, token: relay.token, deviceId: 1, id: randomBytes(16) }
    const body = randomBytes(40)
    ledger.sent(deposit.id, body)
    this.socket.send(encodeDepositFrame({ ...deposit, body }))
    await eventually('the good sender is answered', () => this.answers.length > number)
    expect(this.answers.at(-1)).toEqual([number, 'STORED'])
    ledger.acknowledged(deposit.id)
  }
}

beforeAll(async () => {
  await relay.start()
  const { host, signer } = relay
  const revoked = tokenHash(ended)
  const add = [{ hash: revoked, label: randomBytes(16), uses: null, expiresAtMs: null }]
  unwrap(await client.putTokens(host, signer, { add, revoke: [revoked] }))
  client.subscribe(host, signer, 0, {
    received: async (envelopes) =>
      envelopes.forEach(({ envelopeId, envelope }) => ledger.received(envelopeId, envelope)),
    drained: () => undefined,
    stateChanged: () => undefined,
  })
  await fillMailbox()
  neighbour = await LibrarySender.open()
})
afterAll(async () => {
  neighbour.socket.terminate()
  await client.close()
  await relay.stop()
})

/** An account that nobody reads for. */
async function fillMailbox(): Promise<void> {
  const { host } = relay
  const signer = testSigner('full')
  unwrap(await client.register(host, signer, { certificate: CERTIFICATE }, null))
  const add = [{ hash: tokenHash(full), label: randomBytes(16), uses: null, expiresAtMs: null }]
  unwrap(await client.putTokens(host, signer, { add, revoke: [] }))
  const sender = await LibrarySender.open()
  for (let number = 0; number < MAILBOX_ENVELOPES; number++) {
    const body = randomBytes(1)
    const id = randomBytes(16)
    sender.socket.send(encodeDepositFrame({ number, token: full, deviceId: 1, id, body }))
    if (number % 100 === 99) {
      await eventually('the mailbox fills', () => sender.answers.length === number + 1)
    }
  }
  sender.socket.terminate()
}

interface SentDeposit {
  readonly frame: DepositFrame
  readonly allowed: readonly DepositOutcomeName[]
  isAnswered: boolean
}

function allowedFor(plan: PlannedDeposit): readonly DepositOutcomeName[] {
  if (plan.bodyBytes === 0) return ['INVALID_INPUT']
  if (plan.bodyBytes > LARGEST_BODY) return ['TOO_LARGE']
  if (plan.token === 'unknown' || plan.deviceId !== 1) return ['DELIVERY_REFUSED']
  if (plan.token === 'full') return ['MAILBOX_FULL']
  // What has been stored is told to whoever had a token for it.
  const before: readonly DepositOutcomeName[] = plan.again ? ['SEEN'] : []
  return [plan.token === 'ended' ? 'DELIVERY_REFUSED' : 'STORED', ...before]
}

/** The deposits of one connection, and what has become of them. */
class Conversation {
  readonly #sent: SentDeposit[] = []
  #answers = 0
  #unansweredBytes = 0
  /** More may have been on the way than the window allows. */
  hasExceeded = false
  /** Something was sent that may be a deposit, or the beginning of one. */
  hasJunk = false

  get isAnswered(): boolean {
    return this.#answers === this.#sent.length
  }

  /** @returns the next deposit, as a frame of the route. */
  next(plan: PlannedDeposit): Uint8Array {
    const number = plan.sameNumber ? 0 : this.#sent.length
    const last = this.#sent.at(-1)
    const id = plan.again && last !== undefined ? last.frame.id : randomBytes(16)
    const { deviceId } = plan
    const token = this.#token(plan.token)
    const frame = { number, token, deviceId, id, body: randomBytes(plan.bodyBytes) }
    this.#sent.push({ frame, allowed: allowedFor(plan), isAnswered: false })
    ledger.sent(id, frame.body)
    const encoded = encodeDepositFrame(frame)
    this.#unansweredBytes += encoded.length
    const unanswered = this.#sent.length - this.#answers
    this.hasExceeded ||= unanswered > DEPOSIT_WINDOW || this.#unansweredBytes > DEPOSIT_WINDOW_BYTES
    return encoded
  }

  /** Each answer is to a deposit that was made, and is one that it may have. */
  take(answers: readonly (readonly [number, DepositOutcomeName])[]): void {
    for (const [number, outcome] of answers.slice(this.#answers)) {
      const deposit = this.#sent.find(
        ({ frame, allowed, isAnswered }) =>
          !isAnswered && frame.number === number && allowed.includes(outcome),
      )
      if (deposit === undefined) {
        if (this.hasJunk && outcome !== 'STORED' && outcome !== 'SEEN') continue
        throw new Error(`${outcome} is no answer to deposit ${number}`)
      }
      deposit.isAnswered = true
      this.#unansweredBytes -= deposit.frame.body.length
      outcomes.add(outcome)
      if (outcome === 'STORED' || outcome === 'SEEN') ledger.acknowledged(deposit.frame.id)
    }
    this.#answers = answers.length
  }

  #token(kind: TokenKind): Uint8Array {
    switch (kind) {
      case 'good':
        return relay.token
      case 'full':
        return full
      case 'ended':
        return ended
      case 'unknown':
        return randomBytes(32)
    }
  }
}

const plainDeposit = (bodyBytes: number): PlannedDeposit => ({
  token: 'good',
  deviceId: 1,
  again: false,
  bodyBytes,
  sameNumber: false,
})

/** Every kind of wrong frame, of token and of body, and more at once than may be. */
const eachKind: readonly (readonly Step[])[] = [
  ...WRONG_KINDS.map((wrong): Step[] => [{ kind: 'wrong', wrong, deposit: plainDeposit(300) }]),
  [
    ...(['good', 'full', 'ended', 'unknown'] as const).map((token) => ({
      ...plainDeposit(1),
      token,
    })),
    { ...plainDeposit(1), again: true },
    plainDeposit(0),
    plainDeposit(MAX_ENVELOPE_BYTES),
  ].map((deposit): Step => ({ kind: 'deposit', deposit, form: { kind: 'whole' } })),
  [{ kind: 'burst', count: 300, bodyBytes: 5_000 }],
]

function answersOf(raw: RawWebSocket): readonly (readonly [number, DepositOutcomeName])[] {
  return raw
    .frames()
    .filter(({ opcode }) => opcode === BINARY)
    .flatMap(({ payload }) => {
      const answers = decodeDepositAnswers(payload)
      if (answers === null) throw new Error('the relay sent a frame that is no answer')
      return answers.map(({ number, outcome }) => [number, outcome] as const)
    })
}

/** Writes a deposit in its form. @returns the payloads of the pings between. */
async function writeDeposit(
  raw: RawWebSocket,
  deposit: Uint8Array,
  form: Form,
): Promise<readonly Uint8Array[]> {
  if (form.kind === 'fragments') {
    const frames = fragments(BINARY, deposit, form.cuts, form.between)
    raw.write(...frames.map(encodeFrame))
    return frames.filter(({ first }) => first === (FIN | PING)).map(({ payload }) => payload)
  }
  const bytes = encodeFrame(clientFrame(FIN | BINARY, deposit))
  const places = form.kind === 'packets' ? form.cuts.toSorted((a, b) => a - b) : []
  for (const [index, end] of [...places, bytes.length].entries()) {
    raw.write(bytes.subarray(places[index - 1] ?? 0, end))
    if (form.kind === 'packets') await settle(0)
  }
  return []
}

/** Plays the steps on a connection of its own. */
async function play(steps: readonly Step[]): Promise<void> {
  const raw = await RawWebSocket.open(relay.host, PATH, {})
  const conversation = new Conversation()
  const pings: Uint8Array[] = []
  let endsWith: readonly number[] | null = null
  let hasEnded = false
  for (const step of steps) {
    // What comes after the end of the conversation is part of none.
    const isOver = endsWith !== null || hasEnded
    const to = isOver ? new Conversation() : conversation
    switch (step.kind) {
      case 'deposit': {
        const answered = await writeDeposit(raw, to.next(step.deposit), step.form)
        if (!isOver) pings.push(...answered)
        break
      }
      case 'burst': {
        const plan = plainDeposit(step.bodyBytes)
        const frames = Array.from({ length: step.count }, () =>
          encodeFrame(clientFrame(FIN | BINARY, to.next(plan))),
        )
        raw.write(Buffer.concat(frames))
        break
      }
      case 'wrong': {
        const { codes, encode } = WRONG[step.wrong]
        raw.write(encode(new Conversation().next({ ...step.deposit, bodyBytes: 300 })))
        if (!isOver && !conversation.hasJunk) wrongs.add(step.wrong)
        if (!isOver) endsWith = codes
        break
      }
      case 'control':
        raw.write(encodeFrame(step.frame))
        if (step.frame.first === (FIN | PING) && !isOver) pings.push(step.frame.payload)
        break
      case 'any':
        raw.write(step.bytes)
        conversation.hasJunk = true
        break
      case 'end':
        if (!hasEnded) raw.socket.end()
        hasEnded = true
        break
      case 'pause':
        raw.socket.pause()
        break
      case 'resume':
        raw.socket.resume()
        break
      case 'settle':
        await settle(3)
        conversation.take(answersOf(raw))
    }
  }
  raw.socket.resume()
  await finish()
  conversation.take(answersOf(raw))
  expectSaid(
    raw,
    endsWith === null && !hasEnded && !conversation.hasJunk && !conversation.hasExceeded,
  )
  await raw.destroy()

  async function finish(): Promise<void> {
    if (hasEnded) {
      await raw.closed
      return
    }
    if (conversation.hasJunk) {
      await settle(4)
      return
    }
    await eventually('answers to everything, or the end', () => {
      conversation.take(answersOf(raw))
      const isOver = raw.closeCode() !== null || raw.socket.destroyed
      return isOver || (endsWith === null && conversation.isAnswered)
    })
    const exceeded = conversation.hasExceeded ? [DEPOSIT_CLOSE.windowExceeded] : []
    const code = raw.closeCode()
    if (endsWith !== null) expect([...endsWith, ...exceeded]).toContain(code)
    else if (exceeded.length > 0) expect([null, ...exceeded]).toContain(code)
    else expect(code).toBeNull()
  }

  function expectSaid({ received }: RawWebSocket, isWhole: boolean): void {
    expectNoLeak(received.toString('latin1'))
    const frames = raw.frames()
    for (const { opcode } of frames) expect(ANSWER_OPCODES).toContain(opcode)
    const code = raw.closeCode()
    // Junk may be a close frame, whose code is sent back.
    if (code !== null && !conversation.hasJunk) closeCodes.add(code)
    if (!isWhole) return
    const pongs = frames.filter(({ opcode }) => opcode === PONG).map(({ payload }) => payload)
    // A pong may be under way still.
    expect(Buffer.concat(pings).indexOf(Buffer.concat(pongs))).toBe(0)
  }
}

describe(`senders' connections, ${RUNS} times`, () => {
  test(`take any frames (seed ${SEED})`, async () => {
    await fuzz(
      depositSteps,
      RUNS,
      showSteps,
      async (steps) => {
        await play(steps)
        await neighbour.deposit()
        await ledger.settled()
      },
      eachKind,
    )
    expect(ledger.delivered).toBeGreaterThan(RUNS)
    await relay.expectUnharmed()
  })

  test(`of a real library end with the code that they deserve (seed ${SEED})`, async () => {
    const end = fc.constantFrom('text', 'empty', 'long', 'close', 'terminate', 'none')
    const piece = fc.record({
      count: fc.integer({ min: 1, max: 40 }),
      isFragmented: fc.boolean(),
      bodyBytes: fc.constantFrom(1, 500, 20_000),
      isPinged: fc.boolean(),
    })
    const inputs = fc.tuple(fc.array(piece, { minLength: 1, maxLength: 4 }), fc.boolean(), end)
    const describeInput = (input: unknown): string => JSON.stringify(input)
    await fuzz(inputs, RUNS / 2, describeInput, async ([pieces, isPaused, how]) => {
      const sender = await LibrarySender.open()
      expect(sender.socket.extensions).toBe('')
      const conversation = new Conversation()
      const { socket } = sender
      if (isPaused) socket.pause()
      for (const { count, isFragmented, bodyBytes, isPinged } of pieces) {
        if (isPinged) socket.ping(randomBytes(20))
        for (let sent = 0; sent < count; sent++) {
          const frame = conversation.next(plainDeposit(bodyBytes))
          if (isFragmented) socket.send(frame.subarray(0, 30), { fin: false, compress: true })
          socket.send(isFragmented ? frame.subarray(30) : frame, { compress: true })
        }
        if (conversation.hasExceeded) break
      }
      if (how === 'text') socket.send('text')
      else if (how === 'empty') socket.send(new Uint8Array(0))
      else if (how === 'long') socket.send(new Uint8Array(70_000))
      else if (how === 'close') socket.close(4_321, 'enough')
      else if (how === 'terminate') socket.terminate()
      if (isPaused) await settle(5)
      socket.resume()
      await eventually('answers to everything, or the end', () => {
        conversation.take(sender.answers)
        return sender.isClosed || (how === 'none' && conversation.isAnswered)
      })
      if (sender.isClosed) {
        const codes = {
          text: 4400,
          empty: 4400,
          long: 1009,
          close: 4_321,
          terminate: 1006,
          none: 0,
        }
        const exceeded = conversation.hasExceeded ? [DEPOSIT_CLOSE.windowExceeded] : []
        expect([codes[how], ...exceeded]).toContain(await sender.closed)
      }
      socket.terminate()
      await sender.closed
      await neighbour.deposit()
      await ledger.settled()
    })
    await relay.expectUnharmed()
  })

  test('that read nothing of what they are told are cut off', async () => {
    const raw = await RawWebSocket.open(relay.host, PATH, {})
    raw.socket.pause()
    const ping = encodeFrame(clientFrame(FIN | PING, randomBytes(MOST_CONTROL_BYTES)))
    const some = Buffer.concat(Array.from({ length: 200 }, () => ping))
    let isCut = false
    raw.socket.once('close', () => (isCut = true))
    for (let count = 0; count < 10_000 && !isCut; count++) {
      raw.write(some)
      await settle(1)
    }
    expect(isCut).toBe(true)
    await relay.expectUnharmed()
  })

  test('have been sent every kind of frame, and have given every answer and code', () => {
    expectReached(WRONG_KINDS, wrongs)
    expectReached(Object.keys(DEPOSIT_OUTCOMES), outcomes, {
      RELAY_FULL: 'wants a full disk: test/crash/disk-full.test.ts',
      RATE_LIMITED: 'rates are off here: test/unit/relay/deposit-stream.test.ts',
      OVERLOADED: 'wants a relay with no room left: test/unit/relay/deposit-stream.test.ts',
      INTERNAL: 'never to come',
    })
    expectReached(Object.values(DEPOSIT_CLOSE), closeCodes, {
      [DEPOSIT_CLOSE.idle]: 'takes half a minute: test/unit/relay/deposit-stream.test.ts',
    })
  })
})
