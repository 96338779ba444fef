// Writes session.json: run `node test/vectors/make-session.ts` after a deliberate change of the protocol.
import { writeFileSync } from 'node:fs'
import { acceptSession, initiateSession, readInitialMessage } from '#crypto/handshake.ts'
import { portableKem } from '#crypto/kem.ts'
import { randomBytes, type RandomSource } from '#crypto/primitives.ts'
import { openMessage, sealMessage } from '#crypto/ratchet.ts'
import { encodeHex, encodeUtf8 } from '#shared/bytes.ts'
import { createTestDevice, type TestDevice } from '#test/helpers/crypto-device.ts'
import { valueOf } from '#test/helpers/value-of.ts'

function recording(): { random: RandomSource; drawn: () => string } {
  const parts: string[] = []
  return {
    random: (length) => {
      const bytes = randomBytes(length)
      parts.push(encodeHex(bytes))
      return bytes
    },
    drawn: () => parts.join(''),
  }
}

function describeDevice(device: TestDevice): Record<string, string | number | null> {
  const { own, bundle } = device
  return {
    address: own.address,
    deviceId: own.deviceId,
    signingKey: encodeHex(own.signingKey),
    agreementScalar: encodeHex(own.agreement.exportScalar()),
    certificate: encodeHex(own.certificate),
    signedPrekeyId: bundle.signedPrekey.id,
    signedPrekeyScalar: encodeHex(device.signedPrekey.exportScalar()),
    signedPrekeySignature: encodeHex(bundle.signedPrekey.signature),
    kemPrekeyId: bundle.kemPrekey.id,
    kemPrekeySeed: encodeHex(device.kemPrekey),
    kemPrekeySignature: encodeHex(bundle.kemPrekey.signature),
    oneTimePrekeyId: bundle.oneTimePrekey?.id ?? null,
    oneTimePrekeyScalar: device.oneTimePrekey && encodeHex(device.oneTimePrekey.exportScalar()),
  }
}

function makeVector(oneTime: boolean): object {
  const alice = createTestDevice('alice@one.example')
  const bob = createTestDevice('bob@two.example', { oneTime })
  const [aliceRandom, bobRandom] = [recording(), recording()]
  const nowMs = 1_700_000_000_000
  const messages: object[] = []
  const note = (
    from: string,
    text: string,
    { envelope, messageKey }: { envelope: Uint8Array; messageKey: Uint8Array },
  ): void => {
    messages.push({ from, text, messageKey: encodeHex(messageKey), envelope: encodeHex(envelope) })
  }
  const { session } = valueOf(
    initiateSession({
      own: alice.own,
      peerAddress: bob.own.address,
      bundle: bob.bundle,
      newestGeneration: 0,
      nowMs,
      random: aliceRandom.random,
      kemEngine: portableKem,
    }),
  )
  const first = sealMessage(session, encodeUtf8('Hello Bob'), aliceRandom.random)
  note('alice', 'Hello Bob', first)
  const second = sealMessage(first.state, encodeUtf8('Are you there?'), aliceRandom.random)
  note('alice', 'Are you there?', second)
  const pending = valueOf(readInitialMessage(bob.own, first.envelope))
  const accepted = valueOf(acceptSession({ ...bob, pending, nowMs, kemEngine: portableKem }))
  const heard = valueOf(openMessage(accepted.state, second.envelope, nowMs))
  const answer = sealMessage(heard.state, encodeUtf8('Yes'), bobRandom.random)
  note('bob', 'Yes', answer)
  const answered = valueOf(openMessage(second.state, answer.envelope, nowMs))
  const third = sealMessage(answered.state, encodeUtf8('Good'), aliceRandom.random)
  note('alice', 'Good', third)
  return {
    name: oneTime ? 'with a one-time prekey' : 'without a one-time prekey',
    nowMs,
    alice: describeDevice(alice),
    bob: describeDevice(bob),
    aliceRandom: aliceRandom.drawn(),
    bobRandom: bobRandom.drawn(),
    sessionId: encodeHex(session.id),
    handshakeId: encodeHex(session.handshakeId),
    messages,
  }
}

const origin =
  'Sotto itself, version 1 of PROTOCOL.md. The random streams are consumed in the order PROTOCOL §13 gives.'
const vectors = [makeVector(true), makeVector(false)]
const file = new URL('session.json', import.meta.url)
writeFileSync(file, `${JSON.stringify({ origin, vectors }, null, 1)}\n`)
