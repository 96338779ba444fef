// The other double ratchet on P-256 in TypeScript, on the runtime's WebCrypto.
import ratchet from '2key-ratchet'

const {
  AsymmetricRatchet,
  Identity,
  MessageSignedProtocol,
  PreKeyBundleProtocol,
  PreKeyMessageProtocol,
} = ratchet

async function createBundle(identity) {
  const bundle = new PreKeyBundleProtocol()
  await bundle.identity.fill(identity)
  bundle.registrationId = identity.id
  bundle.preKeySigned.id = 0
  bundle.preKeySigned.key = identity.signedPreKeys[0].publicKey
  await bundle.preKeySigned.sign(identity.signingKey.privateKey)
  return PreKeyBundleProtocol.importProto(await bundle.exportProto())
}

const seal = async (cipher, text) => (await cipher.encrypt(text)).exportProto()

const open = async (cipher, bytes) => cipher.decrypt(await MessageSignedProtocol.importProto(bytes))

export async function createContender(textBytes) {
  ratchet.setEngine('native', globalThis.crypto)
  const text = new Uint8Array(textBytes).buffer
  const aliceId = await Identity.create(1, 1, 0)
  const bobId = await Identity.create(2, 1, 0)
  let alice = await AsymmetricRatchet.create(aliceId, await createBundle(bobId))
  const first = await PreKeyMessageProtocol.importProto(await seal(alice, text))
  let bob = await AsymmetricRatchet.create(bobId, first)
  await bob.decrypt(first.signedMessage)
  await open(alice, await seal(bob, text))
  return {
    name: '2key-ratchet',
    async burst(count) {
      const envelopes = []
      const start = performance.now()
      for (let i = 0; i < count; i++) envelopes.push(await seal(alice, text))
      const sealedAt = performance.now()
      for (const envelope of envelopes) await open(bob, envelope)
      return { sealMs: sealedAt - start, openMs: performance.now() - sealedAt }
    },
    async pingPong(count) {
      const start = performance.now()
      for (let i = 0; i < count; i++) {
        await open(bob, await seal(alice, text))
        ;[alice, bob] = [bob, alice]
      }
      return performance.now() - start
    },
  }
}
