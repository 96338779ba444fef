import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { AeadKey, AgreementKeyPair, randomBytes } from '#crypto/primitives.ts'
import { openMessage, sealMessage } from '#crypto/ratchet.ts'
import { decodeSession, encodeSession } from '#crypto/session-codec.ts'
import type { SessionState } from '#crypto/session-state.ts'
import { parseEnvelope } from '#protocol/envelope.ts'
import { encodeHex, encodeUtf8 } from '#shared/bytes.ts'
import { connect, flipBit } from '#test/helpers/crypto-device.ts'
import { codeOf, valueOf } from '#test/helpers/value-of.ts'
import { Party } from './party.ts'

type Step =
  | { readonly do: 'send'; readonly from: 0 | 1 }
  | { readonly do: 'deliver'; readonly which: number }
  | { readonly do: 'tamper'; readonly which: number; readonly bit: number }
  | { readonly do: 'restart'; readonly who: 0 | 1 }

const side = fc.constantFrom<0 | 1>(0, 1)
const steps = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.record({ do: fc.constant('send' as const), from: side }) },
    // Any envelope so far: late, early, lost (never picked) and delivered again.
    { weight: 6, arbitrary: fc.record({ do: fc.constant('deliver' as const), which: fc.nat() }) },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant('tamper' as const), which: fc.nat(), bit: fc.nat() }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const), who: side }) },
  ),
  { maxLength: 60 },
)

interface Sent {
  readonly from: 0 | 1
  readonly text: string
  readonly envelope: Uint8Array
}

/** Plays a script between two parties and checks every outcome on the way. */
function play(script: readonly Step[], parties: readonly [Party, Party]): void {
  const network: Sent[] = []
  const opened = new Set<Sent>()
  for (const step of script) {
    if (step.do === 'send') {
      const text = `message ${String(network.length)}`
      const { envelope } = parties[step.from].send(parties[other(step.from)], text)
      network.push({ from: step.from, text, envelope })
    } else if (step.do === 'restart') {
      parties[step.who].restart()
    } else {
      const sent = network[step.which % network.length]
      if (sent === undefined) continue
      const receiver = parties[other(sent.from)]
      const before = receiver.snapshot()
      if (step.do === 'tamper') {
        const bit = step.bit % (sent.envelope.length * 8)
        const outcome = receiver.receive(flipBit(sent.envelope, bit))
        expect(outcome).toMatchObject({ code: bit < 8 ? 'UNKNOWN_VERSION' : 'MESSAGE_UNREADABLE' })
        expect(receiver.snapshot()).toBe(before)
      } else if (opened.has(sent)) {
        expect(receiver.receive(sent.envelope)).toMatchObject({ code: 'MESSAGE_UNREADABLE' })
        expect(receiver.snapshot()).toBe(before)
      } else {
        expect(receiver.receive(sent.envelope)).toEqual({ text: sent.text })
        opened.add(sent)
      }
    }
  }
  // Whatever happened, what is still under way arrives, and the conversation goes on both ways.
  for (const sent of network.toReversed()) {
    if (opened.has(sent)) continue
    expect(parties[other(sent.from)].receive(sent.envelope)).toEqual({ text: sent.text })
  }
  for (const from of [0, 1, 0] as const) {
    const { envelope } = parties[from].send(parties[other(from)], 'still here')
    expect(parties[other(from)].receive(envelope)).toEqual({ text: 'still here' })
  }
}

const other = (index: 0 | 1): 0 | 1 => (index === 0 ? 1 : 0)

describe('two parties', () => {
  test('open each message once with the right text, in any order and with any loss, repetition and tampering', () => {
    fc.assert(
      fc.property(steps, (script) => {
        play(script, [new Party('alice@one.example'), new Party('bob@two.example')])
      }),
      { numRuns: 60 },
    )
  })

  test('that begin at once come to prefer one session, whichever messages arrive first', () => {
    fc.assert(
      fc.property(steps, (script) => {
        const [alice, bob] = [new Party('alice@one.example'), new Party('bob@two.example')]
        alice.begin(bob)
        bob.begin(alice)
        play(script, [alice, bob])
        // Each has now heard of both sessions, or of the one that was ever used.
        const first = alice.send(bob, 'settled?')
        bob.receive(first.envelope)
        const second = bob.send(alice, 'settled')
        expect(alice.receive(second.envelope)).toEqual({ text: 'settled' })
        expect(encodeHex(alice.preferred?.id ?? randomBytes(1))).toBe(
          encodeHex(bob.preferred?.id ?? randomBytes(1)),
        )
      }),
      { numRuns: 30 },
    )
  })

  test('use no key and no nonce twice', () => {
    const spy = vi.spyOn(AeadKey.prototype, 'sealInPlace')
    const messageKeys: string[] = []
    const ratchetKeys = new Set<string>()
    try {
      const [alice, bob] = [new Party('alice@one.example'), new Party('bob@two.example')]
      fc.assert(
        fc.property(fc.array(side, { minLength: 1, maxLength: 30 }), (senders) => {
          for (const from of senders) {
            const [sender, receiver] = from === 0 ? [alice, bob] : [bob, alice]
            const { envelope, messageKey, state } = sender.send(receiver, 'text')
            messageKeys.push(encodeHex(messageKey))
            ratchetKeys.add(encodeHex(state.ratchetPair?.publicKey ?? randomBytes(1)))
            expect(receiver.receive(envelope)).toEqual({ text: 'text' })
          }
        }),
        { numRuns: 30 },
      )
      expect(ratchetKeys.size).toBe(
        Math.max(alice.preferred?.turns ?? 0, bob.preferred?.turns ?? 0),
      )
      const nonces = spy.mock.calls.map(([, nonce]) => encodeHex(nonce))
      const keys = (spy.mock.contexts as AeadKey[]).map((key) => encodeHex(key.exportBytes()))
      expect(nonces.length).toBeGreaterThan(2 * messageKeys.length) // a header and a text each, and the handshake
      expect(new Set(nonces).size).toBe(nonces.length)
      expect(new Set(keys.map((key, index) => `${key} ${nonces[index] ?? ''}`)).size).toBe(
        keys.length,
      )
      // A header key serves its chain, any other key one seal.
      expect(new Set(keys).size).toBe(messageKeys.length + 2 + ratchetKeys.size)
      expect(new Set(messageKeys).size).toBe(messageKeys.length)
    } finally {
      spy.mockRestore()
    }
  })
})

/** All that a thief of a state can open: he follows the session as its owner would. */
function stealFrom(state: SessionState): (envelope: Uint8Array) => boolean {
  let stolen = decodeSession(encodeSession(state))
  return (envelope) => {
    if (stolen === null) throw new Error('a stored session was not read')
    const opened = openMessage(stolen, envelope, 1)
    if (opened.ok) stolen = opened.value.state
    return opened.ok
  }
}

describe('a stolen state', () => {
  const text = encodeUtf8('text')
  const turns = fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 8 })

  test('opens no message from before the theft, neither of its owner nor of the peer', () => {
    fc.assert(
      fc.property(turns, (bursts) => {
        let [owner, peer] = connect()
        const envelopes: Uint8Array[] = []
        const keys: string[] = []
        for (const burst of bursts) {
          for (let i = 0; i < burst; i++) {
            const sealed = sealMessage(peer, text, randomBytes)
            peer = sealed.state
            owner = valueOf(openMessage(owner, sealed.envelope, 1)).state
            envelopes.push(sealed.envelope)
            keys.push(encodeHex(sealed.messageKey))
          }
          const answer = sealMessage(owner, text, randomBytes)
          owner = answer.state
          peer = valueOf(openMessage(peer, answer.envelope, 1)).state
          envelopes.push(answer.envelope)
          keys.push(encodeHex(answer.messageKey))
        }
        for (const state of [owner, peer]) {
          const stored = encodeHex(encodeSession(state))
          expect(keys.filter((key) => stored.includes(key))).toEqual([])
          expect(envelopes.filter(stealFrom(state))).toEqual([])
        }
      }),
      { numRuns: 30 },
    )
  })

  test('opens what follows at first, and nothing after a round trip with fresh keys', () => {
    fc.assert(
      fc.property(turns, (bursts) => {
        let [owner, peer] = connect()
        const thief = stealFrom(owner)
        const send = (): Uint8Array => {
          const sealed = sealMessage(peer, text, randomBytes)
          peer = sealed.state
          owner = valueOf(openMessage(owner, sealed.envelope, 1)).state
          return sealed.envelope
        }
        const answer = (): void => {
          const sealed = sealMessage(owner, text, randomBytes)
          owner = sealed.state
          peer = valueOf(openMessage(peer, sealed.envelope, 1)).state
        }
        expect(thief(send())).toBe(true) // the theft was real
        for (const burst of bursts) {
          answer()
          for (let i = 0; i < burst; i++) expect(thief(send())).toBe(false)
        }
      }),
      { numRuns: 30 },
    )
  })

  test('is worth nothing with the prekeys of the handshake, once the first turn was taken', () => {
    // The session keeps no prekey: what is deleted from the store is gone.
    const party = new Party('bob@two.example')
    const peer = new Party('alice@one.example')
    party.receive(peer.send(party, 'hello').envelope)
    const stored = party.snapshot()
    expect(stored).not.toContain(encodeHex(party.device.signedPrekey.exportScalar()))
    expect(stored).not.toContain(encodeHex(party.device.kemPrekey))
  })
})

test('a forged header costs at most seven attempts to open it, and no agreement', () => {
  const [, bob] = connect()
  const open = vi.spyOn(AeadKey.prototype, 'open')
  const agree = vi.spyOn(AgreementKeyPair.prototype, 'agree')
  try {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 417, maxLength: 417 }), (noise) => {
        open.mockClear()
        const envelope = new Uint8Array([1, 1, ...noise])
        expect(valueOf(parseEnvelope(envelope)).type).toBe('message')
        expect(codeOf(openMessage(bob, envelope, 1))).toBe('MESSAGE_UNREADABLE')
        expect(open.mock.calls.length).toBeLessThanOrEqual(7)
      }),
      { numRuns: 50 },
    )
    expect(agree).not.toHaveBeenCalled()
  } finally {
    open.mockRestore()
    agree.mockRestore()
  }
})
