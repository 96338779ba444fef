import { describe, expect, test } from 'vitest'
import {
  acceptSession,
  initiateSession,
  readInitialMessage,
  type InitiateInput,
} from '#crypto/handshake.ts'
import { readHandshakeId } from '#crypto/handshake-id.ts'
import { portableKem } from '#crypto/kem.ts'
import { nativeKem } from '#crypto/kem-engine.ts'
import { AgreementKeyPair, randomBytes } from '#crypto/primitives.ts'
import { openMessage, sealMessage } from '#crypto/ratchet.ts'
import { signStatement } from '#crypto/signatures.ts'
import { compareSessions, MAX_GENERATION } from '#crypto/session-state.ts'
import {
  HANDSHAKE_HEADER_BYTES,
  MAX_ENVELOPE_BYTES,
  MESSAGE_OVERHEAD_BYTES,
} from '#protocol/envelope.ts'
import { MAX_PLAINTEXT_BYTES } from '#protocol/padding.ts'
import { encodeUtf8 } from '#shared/bytes.ts'
import { accept, createTestDevice, flipBit, initiate } from '#test/helpers/crypto-device.ts'
import { codeOf, valueOf } from '#test/helpers/value-of.ts'

const alice = createTestDevice('alice@one.example')
const bob = createTestDevice('bob@two.example')
const hello = encodeUtf8('hello')
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8')

describe.each([
  ['with a one-time prekey', true],
  ['without a one-time prekey', false],
])('a handshake %s', (_, oneTime) => {
  const peer = createTestDevice('bob@two.example', { oneTime })

  test('gives both sides one session, the first message, and the initiator’s identity', () => {
    const session = initiate(alice, peer)
    const sealed = sealMessage(session, hello, randomBytes)
    const pending = valueOf(readInitialMessage(peer.own, sealed.envelope))
    expect(pending).toMatchObject({ signedPrekeyId: 7, kemPrekeyId: 8 })
    expect(pending.oneTimePrekeyId).toBe(oneTime ? 9 : null)
    const accepted = valueOf(acceptSession({ ...peer, pending, nowMs: 1 }))
    expect(text(accepted.plaintext)).toBe('hello')
    expect(accepted.messageKey).toEqual(sealed.messageKey)
    expect(accepted.position).toEqual({ turn: 1, number: 0 })
    expect(accepted.state.id).toEqual(session.id)
    expect(accepted.state.handshakeId).toEqual(session.handshakeId)
    expect(accepted.state.generation).toBe(session.generation)
    expect(accepted.peer).toEqual({
      address: 'alice@one.example',
      deviceId: 1,
      signingKey: alice.own.signingKey,
      agreementKey: alice.own.agreement.publicKey,
      createdAtMs: 1,
    })
  })

  test('goes on in both directions', () => {
    const sealed = sealMessage(initiate(alice, peer), hello, randomBytes)
    const accepted = accept(peer, sealed.envelope)
    const answer = sealMessage(accepted.state, encodeUtf8('answer'), randomBytes)
    const opened = valueOf(openMessage(sealed.state, answer.envelope, 1))
    expect(text(opened.plaintext)).toBe('answer')
    const next = sealMessage(opened.state, encodeUtf8('next'), randomBytes)
    expect(text(valueOf(openMessage(answer.state, next.envelope, 1)).plaintext)).toBe('next')
    expect(next.envelope).toHaveLength(256 + MESSAGE_OVERHEAD_BYTES)
  })
})

describe('ML-KEM of the runtime and in JavaScript meet', () => {
  const engines = [portableKem, ...(nativeKem === null ? [] : [nativeKem])]
  const pairs = engines.flatMap((one) => engines.map((other) => [one, other] as const))
  test.each(pairs)('$0.name with $1.name', (initiators, acceptors) => {
    const session = initiate(alice, bob, { kemEngine: initiators })
    const { envelope } = sealMessage(session, hello, randomBytes)
    const pending = valueOf(readInitialMessage(bob.own, envelope))
    const accepted = acceptSession({ ...bob, pending, nowMs: 1, kemEngine: acceptors })
    expect(text(valueOf(accepted).plaintext)).toBe('hello')
  })
})

describe('initial messages', () => {
  const session = initiate(alice, bob)
  const one = sealMessage(session, encodeUtf8('one'), randomBytes)
  const two = sealMessage(one.state, encodeUtf8('two'), randomBytes)
  const three = sealMessage(two.state, encodeUtf8('three'), randomBytes)

  test('carry the handshake until the peer has answered, and not after', () => {
    expect(readHandshakeId(one.envelope)).toEqual(session.handshakeId)
    expect(readHandshakeId(three.envelope)).toEqual(session.handshakeId)
    const answer = sealMessage(accept(bob, one.envelope).state, hello, randomBytes)
    expect(readHandshakeId(answer.envelope)).toBeNull()
    const heard = valueOf(openMessage(three.state, answer.envelope, 1)).state
    expect(readHandshakeId(sealMessage(heard, hello, randomBytes).envelope)).toBeNull()
  })

  test('begin the session in whatever order they come', () => {
    const accepted = accept(bob, three.envelope)
    expect(text(accepted.plaintext)).toBe('three')
    const first = valueOf(openMessage(accepted.state, one.envelope, 1))
    expect(text(first.plaintext)).toBe('one')
    const second = valueOf(openMessage(first.state, two.envelope, 1))
    expect(text(second.plaintext)).toBe('two')
    expect(codeOf(openMessage(second.state, two.envelope, 1))).toBe('MESSAGE_UNREADABLE')
  })

  test('of another handshake are not opened by the session, though its prekeys are the same', () => {
    const other = sealMessage(initiate(alice, bob), hello, randomBytes)
    const { state } = accept(bob, one.envelope)
    expect(codeOf(openMessage(state, other.envelope, 1))).toBe('MESSAGE_UNREADABLE')
  })

  test('with any bit changed are accepted neither by a session nor as a new handshake', () => {
    const { state } = accept(bob, one.envelope)
    // Every bit of the prefix, and one of each byte after it: the seven others take the same path.
    const bits = Array.from({ length: two.envelope.length + 14 }, (_, index) =>
      index < 16 ? index : (index - 14) * 8 + (index % 8),
    )
    for (const bit of bits) {
      const changed = flipBit(two.envelope, bit)
      const expected = bit < 8 ? 'UNKNOWN_VERSION' : 'MESSAGE_UNREADABLE'
      expect(codeOf(openMessage(state, changed, 1))).toBe(expected)
      const pending = readInitialMessage(bob.own, changed)
      const outcome = pending.ok
        ? acceptSession({ ...bob, pending: pending.value, nowMs: 1 })
        : pending
      expect(codeOf(outcome)).toBe(expected)
    }
  })

  test('fit into an envelope with the longest text', () => {
    const { envelope } = sealMessage(session, new Uint8Array(MAX_PLAINTEXT_BYTES), randomBytes)
    expect(envelope.length).toBeLessThanOrEqual(MAX_ENVELOPE_BYTES)
    expect(accept(bob, envelope).plaintext).toHaveLength(MAX_PLAINTEXT_BYTES)
    expect(() =>
      sealMessage(session, new Uint8Array(MAX_PLAINTEXT_BYTES + 1), randomBytes),
    ).toThrow(RangeError)
  })

  test('tell nothing of who writes, nor by which prekeys: equal sizes, no key or name inside', () => {
    const long = createTestDevice(`${'a'.repeat(32)}@a-rather-long-relay-name.example:8443`)
    const fromLong = sealMessage(initiate(long, bob), hello, randomBytes)
    const fromShort = sealMessage(initiate(alice, bob), hello, randomBytes)
    expect(fromLong.envelope).toHaveLength(fromShort.envelope.length)
    const seen = Buffer.from(fromShort.envelope)
    for (const secret of [
      encodeUtf8('alice'),
      alice.own.signingKey,
      alice.own.agreement.publicKey,
      alice.own.certificate,
      bob.own.agreement.publicKey,
      bob.bundle.signedPrekey.publicKey,
      Uint8Array.of(0, 0, 0, 7, 0, 0, 0, 8, 0, 0, 0, 9),
    ]) {
      expect(seen.includes(Buffer.from(secret))).toBe(false)
    }
  })

  test('are not for anyone else', () => {
    const carol = createTestDevice('carol@three.example')
    expect(codeOf(readInitialMessage(carol.own, one.envelope))).toBe('MESSAGE_UNREADABLE')
  })

  test('are unreadable with other prekeys than the ones they name', () => {
    const pending = valueOf(readInitialMessage(bob.own, one.envelope))
    const stranger = createTestDevice('bob@two.example')
    const outcomes = [
      acceptSession({ ...bob, pending, nowMs: 1, signedPrekey: stranger.signedPrekey }),
      acceptSession({ ...bob, pending, nowMs: 1, kemPrekey: stranger.kemPrekey }),
      acceptSession({ ...bob, pending, nowMs: 1, oneTimePrekey: stranger.oneTimePrekey }),
    ]
    expect(outcomes.map(codeOf)).toEqual(Array(3).fill('MESSAGE_UNREADABLE'))
    expect(() => acceptSession({ ...bob, pending, nowMs: 1, oneTimePrekey: null })).toThrow(
      TypeError,
    )
  })

  test('bind the address and device they were meant for', () => {
    const pending = valueOf(readInitialMessage(bob.own, one.envelope))
    const renamed = { ...bob.own, address: 'bob@three.example' }
    const moved = { ...bob.own, deviceId: 2 }
    expect(codeOf(acceptSession({ ...bob, own: renamed, pending, nowMs: 1 }))).toBe(
      'MESSAGE_UNREADABLE',
    )
    expect(codeOf(acceptSession({ ...bob, own: moved, pending, nowMs: 1 }))).toBe(
      'MESSAGE_UNREADABLE',
    )
  })

  test('from an initiator whose certificate does not hold are unreadable', () => {
    const stranger = createTestDevice('mallory@one.example')
    const stolen = { ...alice.own, certificate: stranger.own.certificate }
    const forged = { ...alice, own: stolen }
    const { envelope } = sealMessage(initiate(forged, bob), hello, randomBytes)
    const pending = valueOf(readInitialMessage(bob.own, envelope))
    expect(codeOf(acceptSession({ ...bob, pending, nowMs: 1 }))).toBe('MESSAGE_UNREADABLE')
  })

  test('from someone who shows another’s certificate without its private key are unreadable', () => {
    const own = { ...alice.own, agreement: AgreementKeyPair.generate(randomBytes) }
    const { envelope } = sealMessage(initiate({ ...alice, own }, bob), hello, randomBytes)
    const pending = valueOf(readInitialMessage(bob.own, envelope))
    expect(codeOf(acceptSession({ ...bob, pending, nowMs: 1 }))).toBe('MESSAGE_UNREADABLE')
  })

  test('can be accepted twice from the same step, so that a failed transaction repeats', () => {
    const pending = valueOf(readInitialMessage(bob.own, one.envelope))
    const once = valueOf(acceptSession({ ...bob, pending, nowMs: 1 }))
    const twice = valueOf(acceptSession({ ...bob, pending, nowMs: 1 }))
    expect(twice.state.id).toEqual(once.state.id)
  })

  test.each([
    ['nothing', new Uint8Array(0), 'MESSAGE_UNREADABLE'],
    ['a version to come', Uint8Array.of(2, 2), 'UNKNOWN_VERSION'],
    ['a prefix alone', Uint8Array.of(1, 2), 'MESSAGE_UNREADABLE'],
    ['a message that is not initial', Uint8Array.of(1, 1), 'MESSAGE_UNREADABLE'],
    [
      'zeros behind the prefix',
      withPrefix(MESSAGE_OVERHEAD_BYTES + HANDSHAKE_HEADER_BYTES + 256),
      'MESSAGE_UNREADABLE',
    ],
  ])('that are none are refused: %s', (_, bytes, code) => {
    expect(codeOf(readInitialMessage(bob.own, bytes))).toBe(code)
  })
})

function withPrefix(length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  bytes.set([1, 2])
  return bytes
}

describe('a bundle is refused', () => {
  const mallory = createTestDevice('bob@two.example')
  const base: InitiateInput = {
    own: alice.own,
    peerAddress: 'bob@two.example',
    bundle: bob.bundle,
    newestGeneration: 0,
    nowMs: 1,
    random: randomBytes,
  }
  const { signedPrekey, kemPrekey } = bob.bundle
  const weak = { ...kemPrekey, publicKey: new Uint8Array(1184).fill(255) }

  test.each<[string, Partial<InitiateInput['bundle']>]>([
    ['another signing key', { signingKey: mallory.own.signingKey }],
    ['another account’s certificate', { certificate: mallory.own.certificate }],
    ['another account’s signed prekey', { signedPrekey: mallory.bundle.signedPrekey }],
    ['another account’s KEM prekey', { kemPrekey: mallory.bundle.kemPrekey }],
    [
      'a signed prekey with its key exchanged',
      { signedPrekey: { ...signedPrekey, publicKey: mallory.bundle.signedPrekey.publicKey } },
    ],
    ['a signed prekey with its id changed', { signedPrekey: { ...signedPrekey, id: 6 } }],
    ['a KEM prekey with its key exchanged', { kemPrekey: weak }],
    [
      'a KEM prekey’s signature on the signed prekey',
      { signedPrekey: { ...signedPrekey, signature: kemPrekey.signature } },
    ],
  ])('with %s', (_, changes) => {
    const outcome = initiateSession({ ...base, bundle: { ...bob.bundle, ...changes } })
    expect(codeOf(outcome)).toBe('SIGNATURE_INVALID')
  })

  test('for another address than the one asked for', () => {
    const outcome = initiateSession({ ...base, peerAddress: 'bob@three.example' })
    expect(codeOf(outcome)).toBe('SIGNATURE_INVALID')
  })

  test('with a certificate of a version to come', () => {
    const certificate = bob.own.certificate.slice()
    certificate[0] = 2
    const outcome = initiateSession({ ...base, bundle: { ...bob.bundle, certificate } })
    expect(codeOf(outcome)).toBe('UNKNOWN_VERSION')
  })

  test('with a properly signed KEM key that is none', () => {
    const device = createTestDevice('bob@two.example')
    const signed = resignKemPrekey(device, weak.publicKey)
    const outcome = initiateSession({ ...base, bundle: { ...device.bundle, kemPrekey: signed } })
    expect(codeOf(outcome)).toBe('KEY_INVALID')
  })
})

function resignKemPrekey(
  device: ReturnType<typeof createTestDevice>,
  publicKey: Uint8Array,
): InitiateInput['bundle']['kemPrekey'] {
  const id = 8
  const head = Uint8Array.of(0, 0, 0, 1, 0, 0, 0, id)
  const body = new Uint8Array([...head, ...publicKey])
  return { id, publicKey, signature: signStatement(device.signer, 'kem prekey', body) }
}

describe('generations', () => {
  test('follow the clock, and always pass what was there before', () => {
    expect(initiate(alice, bob, { nowMs: 5000 }).generation).toBe(5000)
    expect(initiate(alice, bob, { nowMs: 5000, newestGeneration: 9000 }).generation).toBe(9001)
    const newestGeneration = MAX_GENERATION
    expect(initiate(alice, bob, { newestGeneration }).generation).toBe(MAX_GENERATION)
  })

  test('order sessions the same way on both sides: newer first, then the lower id', () => {
    const old = initiate(alice, bob, { nowMs: 1 })
    const [one, two] = [initiate(alice, bob, { nowMs: 2 }), initiate(bob, alice, { nowMs: 2 })]
    const sorted = [old, one, two].toSorted(compareSessions)
    expect(sorted[2]).toBe(old)
    expect([two, old, one].toSorted(compareSessions)).toEqual(sorted)
    expect(compareSessions(one, one)).toBe(0)
  })
})
