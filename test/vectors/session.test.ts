import { describe, expect, test } from 'vitest'
import { acceptSession, initiateSession, readInitialMessage } from '#crypto/handshake.ts'
import type { OwnDevice } from '#crypto/identity.ts'
import { importKemSeed, portableKem } from '#crypto/kem.ts'
import type { PrekeyBundle } from '#crypto/prekeys.ts'
import { AgreementKeyPair, type RandomSource } from '#crypto/primitives.ts'
import { decodeSigningPublicKey } from '#crypto/public-keys.ts'
import { openMessage, sealMessage } from '#crypto/ratchet.ts'
import { encodeHex, encodeUtf8 } from '#shared/bytes.ts'
import { valueOf } from '#test/helpers/value-of.ts'
import session from './session.json' with { type: 'json' }

type Vector = (typeof session.vectors)[number]
type Device = Vector['alice' | 'bob']

const hex = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(text, 'hex'))

/** Hands a recorded stream out once more, and says whether all of it was asked for. */
function replay(text: string): { random: RandomSource; left: () => number } {
  const stream = hex(text)
  let offset = 0
  return {
    random: (length) => {
      if (offset + length > stream.length) throw new RangeError('the recorded stream is used up')
      offset += length
      return stream.slice(offset - length, offset)
    },
    left: () => stream.length - offset,
  }
}

function pairOf(scalar: string): AgreementKeyPair {
  const pair = AgreementKeyPair.fromScalar(hex(scalar))
  if (pair === null) throw new Error('a valid scalar was refused')
  return pair
}

function seedOf(device: Device): NonNullable<ReturnType<typeof importKemSeed>> {
  const seed = importKemSeed(hex(device.kemPrekeySeed))
  if (seed === null) throw new Error('a valid seed was refused')
  return seed
}

function ownDevice(device: Device): OwnDevice {
  return {
    address: device.address,
    deviceId: device.deviceId,
    signingKey: valueOf(decodeSigningPublicKey(hex(device.signingKey))),
    agreement: pairOf(device.agreementScalar),
    certificate: hex(device.certificate),
  }
}

function oneTimePair({ oneTimePrekeyScalar }: Device): AgreementKeyPair | null {
  return oneTimePrekeyScalar === null ? null : pairOf(oneTimePrekeyScalar)
}

function bundleOf(device: Device): PrekeyBundle {
  const { signingKey, certificate } = ownDevice(device)
  const oneTime = oneTimePair(device)
  return {
    signingKey,
    certificate,
    signedPrekey: {
      id: device.signedPrekeyId,
      publicKey: pairOf(device.signedPrekeyScalar).publicKey,
      signature: hex(device.signedPrekeySignature),
    },
    kemPrekey: {
      id: device.kemPrekeyId,
      publicKey: portableKem.keyPair(seedOf(device)).publicKey,
      signature: hex(device.kemPrekeySignature),
    },
    oneTimePrekey: oneTime && { id: device.oneTimePrekeyId ?? 0, publicKey: oneTime.publicKey },
  }
}

describe.each(session.vectors)('a recorded conversation $name', (vector) => {
  const { nowMs, messages } = vector
  const message = (index: number): Vector['messages'][number] => {
    const found = messages[index]
    if (found === undefined) throw new Error('the vector has fewer messages')
    return found
  }

  test('is sealed again bit for bit from its keys and random streams', () => {
    const [alice, bob] = [replay(vector.aliceRandom), replay(vector.bobRandom)]
    const seal = (
      state: Parameters<typeof sealMessage>[0],
      index: number,
      random: RandomSource,
    ) => {
      const expected = message(index)
      const sealed = sealMessage(state, encodeUtf8(expected.text), random)
      expect(encodeHex(sealed.envelope)).toBe(expected.envelope)
      expect(encodeHex(sealed.messageKey)).toBe(expected.messageKey)
      return sealed
    }
    const { session: begun } = valueOf(
      initiateSession({
        own: ownDevice(vector.alice),
        peerAddress: vector.bob.address,
        bundle: bundleOf(vector.bob),
        newestGeneration: 0,
        nowMs,
        random: alice.random,
        kemEngine: portableKem,
      }),
    )
    expect(encodeHex(begun.id)).toBe(vector.sessionId)
    expect(encodeHex(begun.handshakeId)).toBe(vector.handshakeId)
    const second = seal(seal(begun, 0, alice.random).state, 1, alice.random)
    const bobHeard = accepted(0)
    const bobState = valueOf(openMessage(bobHeard.state, hex(message(1).envelope), nowMs)).state
    const answer = seal(bobState, 2, bob.random)
    const heard = valueOf(openMessage(second.state, answer.envelope, nowMs))
    const last = seal(heard.state, 3, alice.random)
    expect(valueOf(openMessage(answer.state, last.envelope, nowMs)).plaintext).toEqual(
      encodeUtf8(message(3).text),
    )
    expect([alice.left(), bob.left()]).toEqual([0, 0])
  })

  const accepted = (index: number) => {
    const own = ownDevice(vector.bob)
    const pending = valueOf(readInitialMessage(own, hex(message(index).envelope)))
    expect(pending.signedPrekeyId).toBe(vector.bob.signedPrekeyId)
    expect(pending.kemPrekeyId).toBe(vector.bob.kemPrekeyId)
    expect(pending.oneTimePrekeyId).toBe(vector.bob.oneTimePrekeyId)
    return valueOf(
      acceptSession({
        own,
        pending,
        signedPrekey: pairOf(vector.bob.signedPrekeyScalar),
        kemPrekey: seedOf(vector.bob),
        oneTimePrekey: oneTimePair(vector.bob),
        nowMs,
      }),
    )
  }

  test.each([0, 1])('is accepted from its initial message %i, by either ML-KEM', (index) => {
    const { plaintext, peer, messageKey, state } = accepted(index)
    expect(plaintext).toEqual(encodeUtf8(message(index).text))
    expect(encodeHex(messageKey)).toBe(message(index).messageKey)
    expect(peer.address).toBe(vector.alice.address)
    expect(encodeHex(state.id)).toBe(vector.sessionId)
  })
})
