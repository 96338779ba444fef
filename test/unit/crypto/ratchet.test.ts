import { createDecipheriv, createHash, createHmac } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import { importMessageKey, reopenEnvelope } from '#crypto/message-key.ts'
import { randomBytes } from '#crypto/primitives.ts'
import { openMessage, sealMessage, type SealedMessage } from '#crypto/ratchet.ts'
import {
  MAX_SKIPPED_CHAINS,
  MAX_SKIPPED_PER_CHAIN,
  MAX_SKIPPED_PER_SESSION,
  SKIPPED_KEY_LIFETIME_MS,
  type SessionState,
} from '#crypto/session-state.ts'
import { encodeSession } from '#crypto/session-codec.ts'
import { MESSAGE_OVERHEAD_BYTES, parseEnvelope } from '#protocol/envelope.ts'
import { encodeUtf8 } from '#shared/bytes.ts'
import { connect, flipBit } from '#test/helpers/crypto-device.ts'
import { codeOf, valueOf } from '#test/helpers/value-of.ts'

const NOW_MS = 1000

/** One side of a conversation, keeping its state. */
class Side {
  state: SessionState

  constructor(state: SessionState) {
    this.state = state
  }

  seal(text: string): SealedMessage {
    const sealed = sealMessage(this.state, encodeUtf8(text), randomBytes)
    this.state = sealed.state
    return sealed
  }

  sealMany(count: number): SealedMessage[] {
    return Array.from({ length: count }, (_, index) => this.seal(String(index)))
  }

  open({ envelope }: { envelope: Uint8Array }, nowMs = NOW_MS): string {
    const opened = valueOf(openMessage(this.state, envelope, nowMs))
    this.state = opened.state
    return Buffer.from(opened.plaintext).toString('utf8')
  }

  tryOpen({ envelope }: { envelope: Uint8Array }, nowMs = NOW_MS): string {
    return codeOf(openMessage(this.state, envelope, nowMs))
  }

  get skippedKeys(): number {
    return this.state.skipped.reduce((total, { keys }) => total + keys.size, 0)
  }
}

let alice: Side
let bob: Side

beforeEach(() => {
  const [first, second] = connect()
  alice = new Side(first)
  bob = new Side(second)
})

/** A message each way, so that both have a new ratchet key. */
function roundTrip(): void {
  bob.open(alice.seal('there'))
  alice.open(bob.seal('and back'))
}

describe('a session', () => {
  test('carries any text both ways, empty and long, at 163 bytes beyond the padded text', () => {
    for (const text of ['', 'a', 'é'.repeat(100), 'x'.repeat(63_487)]) {
      const sealed = alice.seal(text)
      expect(bob.open(sealed)).toBe(text)
      expect(alice.open(bob.seal(text))).toBe(text)
    }
    expect(alice.seal('x'.repeat(1000)).envelope).toHaveLength(1024 + MESSAGE_OVERHEAD_BYTES)
    expect(MESSAGE_OVERHEAD_BYTES).toBe(163)
  })

  test('opens messages in any order', () => {
    const sealed = alice.sealMany(5)
    expect([3, 0, 4, 2, 1].map((index) => bob.open(sealed[index] as SealedMessage))).toEqual([
      '3',
      '0',
      '4',
      '2',
      '1',
    ])
    expect(bob.skippedKeys).toBe(0)
  })

  test('opens late messages of chains that have ended', () => {
    const late = alice.seal('late')
    bob.open(alice.seal('in time'))
    alice.open(bob.seal('answer'))
    const later = alice.seal('later')
    bob.open(alice.seal('in time again'))
    roundTrip()
    expect(bob.open(late)).toBe('late')
    expect(bob.open(later)).toBe('later')
    expect(bob.skippedKeys).toBe(0)
  })

  test('opens messages of a chain that was lost as a whole, and of the one before', () => {
    const lost = alice.sealMany(3)
    alice.open(bob.seal('we crossed'))
    const next = alice.seal('a new chain')
    expect(bob.open(next)).toBe('a new chain')
    expect(lost.map((sealed) => bob.open(sealed))).toEqual(['0', '1', '2'])
  })

  test('opens each message once', () => {
    const [one, two, three] = alice.sealMany(3)
    if (!one || !two || !three) throw new Error('three messages were sealed')
    for (const sealed of [one, three, two]) {
      bob.open(sealed)
      expect(bob.tryOpen(sealed)).toBe('MESSAGE_UNREADABLE')
    }
    roundTrip()
    expect(bob.tryOpen(one)).toBe('MESSAGE_UNREADABLE')
  })

  test('numbers chains over both directions, and messages in each', () => {
    const first = alice.seal('a')
    const { turn } = first.position
    expect(first.position.number).toBe(0)
    expect(alice.seal('b').position).toEqual({ turn, number: 1 })
    const opened = valueOf(openMessage(bob.state, first.envelope, NOW_MS))
    expect(opened.position).toEqual(first.position)
    bob.open(first)
    expect(bob.seal('c').position).toEqual({ turn: turn + 1, number: 0 })
  })

  test('never opens its own messages', () => {
    expect(alice.tryOpen(alice.seal('mine'))).toBe('MESSAGE_UNREADABLE')
  })

  test('leaves every state as it was, so that a lost transaction repeats', () => {
    const before = encodeSession(bob.state)
    const sealed = alice.sealMany(3)
    for (const { envelope } of sealed.toReversed()) {
      valueOf(openMessage(bob.state, envelope, NOW_MS))
    }
    sealMessage(bob.state, encodeUtf8('not sent'), randomBytes)
    expect(encodeSession(bob.state)).toEqual(before)
  })
})

describe('a changed envelope', () => {
  test('is refused whichever bit it is, and leaves the session able to open the true one', () => {
    roundTrip()
    const sealed = alice.seal('untouched')
    const before = encodeSession(bob.state)
    for (let bit = 0; bit < sealed.envelope.length * 8; bit++) {
      const envelope = flipBit(sealed.envelope, bit)
      expect(bob.tryOpen({ envelope })).toBe(bit < 8 ? 'UNKNOWN_VERSION' : 'MESSAGE_UNREADABLE')
    }
    expect(encodeSession(bob.state)).toEqual(before)
    expect(bob.open(sealed)).toBe('untouched')
  })

  test('is refused cut at any place, and with a byte more', () => {
    const { envelope } = alice.seal('whole')
    for (let length = 0; length < envelope.length; length++) {
      expect(bob.tryOpen({ envelope: envelope.subarray(0, length) })).toBe('MESSAGE_UNREADABLE')
    }
    expect(bob.tryOpen({ envelope: new Uint8Array([...envelope, 0]) })).toBe('MESSAGE_UNREADABLE')
  })

  test('is refused as a mixture of two true ones', () => {
    const [one, two] = [alice.seal('one').envelope, alice.seal('two').envelope]
    const head = MESSAGE_OVERHEAD_BYTES - 16 - 12
    const mixed = new Uint8Array([...one.subarray(0, head), ...two.subarray(head)])
    expect(bob.tryOpen({ envelope: mixed })).toBe('MESSAGE_UNREADABLE')
  })
})

describe('skipped keys', () => {
  test('reach over 1,000 messages of a chain, and no further', () => {
    const sealed = alice.sealMany(MAX_SKIPPED_PER_CHAIN + 2)
    expect(bob.tryOpen(sealed.at(-1) as SealedMessage)).toBe('MESSAGE_UNREADABLE')
    expect(bob.skippedKeys).toBe(0)
    expect(bob.open(sealed.at(-2) as SealedMessage)).toBe(String(MAX_SKIPPED_PER_CHAIN))
    expect(bob.skippedKeys).toBe(MAX_SKIPPED_PER_CHAIN)
    expect(bob.open(sealed[0] as SealedMessage)).toBe('0')
  })

  test('are kept for the newest 1,000 of a chain', () => {
    const sealed = alice.sealMany(1502)
    bob.open(sealed[1000] as SealedMessage)
    bob.open(sealed[1501] as SealedMessage)
    expect(bob.skippedKeys).toBe(MAX_SKIPPED_PER_CHAIN)
    expect(bob.tryOpen(sealed[499] as SealedMessage)).toBe('MESSAGE_UNREADABLE')
    expect(bob.open(sealed[500] as SealedMessage)).toBe('500')
    expect(bob.open(sealed[1500] as SealedMessage)).toBe('1500')
  })

  test('are kept for the newest 2,000 of a session', () => {
    const chains = [0, 1, 2].map(() => {
      const sealed = alice.sealMany(701)
      bob.open(sealed.at(-1) as SealedMessage)
      alice.open(bob.seal('next chain'))
      return sealed
    })
    expect(bob.skippedKeys).toBe(MAX_SKIPPED_PER_SESSION)
    const [oldest] = chains
    expect(bob.tryOpen(oldest?.[99] as SealedMessage)).toBe('MESSAGE_UNREADABLE')
    expect(bob.open(oldest?.[100] as SealedMessage)).toBe('100')
  })

  test('are kept for five chains', () => {
    const late = Array.from({ length: MAX_SKIPPED_CHAINS + 1 }, (_, chain) => {
      const sealed = alice.seal(`late ${String(chain)}`)
      bob.open(alice.seal('in time'))
      alice.open(bob.seal('next chain'))
      return sealed
    })
    expect(bob.state.skipped).toHaveLength(MAX_SKIPPED_CHAINS)
    expect(bob.tryOpen(late[0] as SealedMessage)).toBe('MESSAGE_UNREADABLE')
    expect(late.slice(1).map((sealed) => bob.open(sealed))).toEqual(
      late.slice(1).map((_, index) => `late ${String(index + 1)}`),
    )
  })

  test('expire after 30 days', () => {
    const [early, late, last] = alice.sealMany(3)
    if (!early || !late || !last) throw new Error('three messages were sealed')
    bob.open(last, NOW_MS)
    const lastMoment = NOW_MS + SKIPPED_KEY_LIFETIME_MS
    expect(bob.tryOpen(early, lastMoment + 1)).toBe('MESSAGE_UNREADABLE')
    expect(bob.open(early, lastMoment)).toBe('0')
    bob.open(alice.seal('much later'), lastMoment + 1)
    expect(bob.skippedKeys).toBe(0)
    expect(bob.tryOpen(late, NOW_MS)).toBe('MESSAGE_UNREADABLE')
  })
})

describe('the keys of a message', () => {
  test('come out the same in a second, straightforward implementation of PROTOCOL §6', () => {
    const chainKey = alice.state.sending?.chainKey ?? new Uint8Array(0)
    expect(chainKey).toHaveLength(0) // a turn is due: the first message makes the chain
    alice.seal('first')
    const before = alice.state.sending?.chainKey ?? new Uint8Array(0)
    const sealed = alice.seal('second')
    const step = createHmac('sha512', before).update(Uint8Array.of(1)).digest()
    expect(alice.state.sending?.chainKey).toEqual(new Uint8Array(step.subarray(0, 32)))
    expect(sealed.messageKey).toEqual(new Uint8Array(step.subarray(32)))
    const secrets = createHash('sha512')
      .update('Sotto v1 message')
      .update(step.subarray(32))
      .digest()
    const parts = valueOf(parseEnvelope(sealed.envelope))
    expect(Buffer.from(parts.commitment)).toEqual(secrets.subarray(32))
    const decipher = createDecipheriv('aes-256-gcm', secrets.subarray(0, 32), parts.nonce, {
      authTagLength: 16,
    })
    decipher.setAAD(sealed.envelope.subarray(0, 135))
    decipher.setAuthTag(parts.sealedText.subarray(-16))
    const padded = Buffer.concat([
      decipher.update(parts.sealedText.subarray(0, -16)),
      decipher.final(),
    ])
    expect(padded).toEqual(Buffer.from('second\u0080'.padEnd(256, '\0'), 'latin1'))
  })

  test('share no memory with anything that stays secret', () => {
    expect(alice.seal('x').messageKey.buffer.byteLength).toBe(32)
    const opened = valueOf(openMessage(bob.state, alice.seal('y').envelope, NOW_MS))
    expect(opened.messageKey.buffer.byteLength).toBe(32)
  })

  test('reopen their envelope, and no changed copy of it', () => {
    const sealed = alice.seal('inspect me')
    const kept = importMessageKey(sealed.messageKey)
    if (kept === null) throw new Error('a message key was not taken')
    expect(valueOf(reopenEnvelope(sealed.envelope, kept))).toEqual(encodeUtf8('inspect me'))
    for (let bit = 0; bit < sealed.envelope.length * 8; bit++) {
      const outcome = reopenEnvelope(flipBit(sealed.envelope, bit), kept)
      expect(codeOf(outcome)).toBe(bit < 8 ? 'UNKNOWN_VERSION' : 'MESSAGE_UNREADABLE')
    }
    expect(codeOf(reopenEnvelope(alice.seal('another').envelope, kept))).toBe('MESSAGE_UNREADABLE')
    expect(importMessageKey(randomBytes(31))).toBeNull()
  })

  test('commit to one text: no second key opens the same envelope', () => {
    const sealed = alice.seal('one meaning')
    const parts = valueOf(parseEnvelope(sealed.envelope))
    const before = Buffer.from(parts.commitment)
    const other = alice.seal('one meaning')
    expect(Buffer.from(valueOf(parseEnvelope(other.envelope)).commitment)).not.toEqual(before)
    const swapped = new Uint8Array(sealed.envelope)
    swapped.set(valueOf(parseEnvelope(other.envelope)).commitment, 103)
    expect(codeOf(reopenEnvelope(swapped, sealed.messageKey))).toBe('MESSAGE_UNREADABLE')
    expect(codeOf(reopenEnvelope(swapped, other.messageKey))).toBe('MESSAGE_UNREADABLE')
  })
})

test('a version to come is named, whatever else the envelope holds', () => {
  for (const length of [1, 2, 419, 70_000]) {
    const envelope = new Uint8Array(length).fill(2)
    expect(bob.tryOpen({ envelope })).toBe('UNKNOWN_VERSION')
  }
})
