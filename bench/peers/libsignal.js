// Signal's own implementation (Rust, through Node-API), with stores in memory.
import * as signal from '@signalapp/libsignal-client'

class Sessions extends signal.SessionStore {
  #records = new Map()
  async saveSession(address, record) {
    this.#records.set(address.toString(), record)
  }
  async getSession(address) {
    return this.#records.get(address.toString()) ?? null
  }
  async getExistingSessions(addresses) {
    return addresses.map((address) => this.#records.get(address.toString()))
  }
}

class Identities extends signal.IdentityKeyStore {
  #known = new Map()
  constructor(pair) {
    super()
    this.pair = pair
  }
  async getIdentityKey() {
    return this.pair.privateKey
  }
  async getLocalRegistrationId() {
    return 1
  }
  async saveIdentity(address, key) {
    this.#known.set(address.toString(), key)
    return signal.IdentityChange.NewOrUnchanged
  }
  async isTrustedIdentity() {
    return true
  }
  async getIdentity(address) {
    return this.#known.get(address.toString()) ?? null
  }
}

class Prekeys extends signal.PreKeyStore {
  records = new Map()
  async savePreKey(id, record) {
    this.records.set(id, record)
  }
  async getPreKey(id) {
    return this.records.get(id)
  }
  async removePreKey(id) {
    this.records.delete(id)
  }
}

class SignedPrekeys extends signal.SignedPreKeyStore {
  records = new Map()
  async saveSignedPreKey(id, record) {
    this.records.set(id, record)
  }
  async getSignedPreKey(id) {
    return this.records.get(id)
  }
}

class KyberPrekeys extends signal.KyberPreKeyStore {
  records = new Map()
  async saveKyberPreKey(id, record) {
    this.records.set(id, record)
  }
  async getKyberPreKey(id) {
    return this.records.get(id)
  }
  async markKyberPreKeyUsed(id) {
    this.records.delete(id)
  }
}

async function createDevice(name) {
  const pair = signal.IdentityKeyPair.generate()
  const [prekey, signed] = [signal.PrivateKey.generate(), signal.PrivateKey.generate()]
  const kyber = signal.KEMKeyPair.generate()
  const signedSignature = pair.privateKey.sign(signed.getPublicKey().serialize())
  const kyberSignature = pair.privateKey.sign(kyber.getPublicKey().serialize())
  const device = {
    address: signal.ProtocolAddress.new(name, 1),
    sessions: new Sessions(),
    identities: new Identities(pair),
    prekeys: new Prekeys(),
    signedPrekeys: new SignedPrekeys(),
    kyberPrekeys: new KyberPrekeys(),
    bundle: signal.PreKeyBundle.new(
      1,
      1,
      2,
      prekey.getPublicKey(),
      1,
      signed.getPublicKey(),
      signedSignature,
      pair.publicKey,
      1,
      kyber.getPublicKey(),
      kyberSignature,
    ),
  }
  await device.prekeys.savePreKey(2, signal.PreKeyRecord.new(2, prekey.getPublicKey(), prekey))
  await device.signedPrekeys.saveSignedPreKey(
    1,
    signal.SignedPreKeyRecord.new(1, 1, signed.getPublicKey(), signed, signedSignature),
  )
  await device.kyberPrekeys.saveKyberPreKey(
    1,
    signal.KyberPreKeyRecord.new(1, 1, kyber, kyberSignature),
  )
  return device
}

const seal = async (from, to, text) =>
  (
    await signal.signalEncrypt(text, to.address, from.address, from.sessions, from.identities)
  ).serialize()

const open = (from, to, bytes) =>
  signal.signalDecrypt(
    signal.SignalMessage.deserialize(bytes),
    from.address,
    to.address,
    to.sessions,
    to.identities,
  )

async function initiate(from, to, text) {
  await signal.processPreKeyBundle(
    to.bundle,
    to.address,
    from.address,
    from.sessions,
    from.identities,
  )
  return seal(from, to, text)
}

const accept = (from, to, bytes) =>
  signal.signalDecryptPreKey(
    signal.PreKeySignalMessage.deserialize(bytes),
    from.address,
    to.address,
    to.sessions,
    to.identities,
    to.prekeys,
    to.signedPrekeys,
    to.kyberPrekeys,
  )

export async function createContender(textBytes) {
  const text = new Uint8Array(textBytes)
  let alice = await createDevice('alice')
  let bob = await createDevice('bob')
  await accept(alice, bob, await initiate(alice, bob, text))
  await open(bob, alice, await seal(bob, alice, text))
  return {
    name: 'libsignal',
    async burst(count) {
      const envelopes = []
      const start = performance.now()
      for (let i = 0; i < count; i++) envelopes.push(await seal(alice, bob, text))
      const sealedAt = performance.now()
      for (const envelope of envelopes) await open(alice, bob, envelope)
      return { sealMs: sealedAt - start, openMs: performance.now() - sealedAt }
    },
    async pingPong(count) {
      const start = performance.now()
      for (let i = 0; i < count; i++) {
        await open(alice, bob, await seal(alice, bob, text))
        ;[alice, bob] = [bob, alice]
      }
      return performance.now() - start
    },
    async handshakes(count) {
      const pairs = []
      for (let i = 0; i < count; i++) {
        pairs.push({ from: await createDevice(`alice${i}`), to: await createDevice(`bob${i}`) })
      }
      const start = performance.now()
      for (const pair of pairs) pair.bytes = await initiate(pair.from, pair.to, text)
      const initiatedAt = performance.now()
      for (const { from, to, bytes } of pairs) await accept(from, to, bytes)
      return { initiateMs: initiatedAt - start, acceptMs: performance.now() - initiatedAt }
    },
  }
}
