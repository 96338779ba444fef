import { createRequire } from 'node:module'
import { KeytarKeychain } from '#keychain/keytar-keychain.ts'
import { probeKeychain } from '#keychain/probe.ts'
import { encodeHex } from '#shared/bytes.ts'
import type * as Keytar from 'keytar'

// Runs operations on the keychain of its environment and prints their outcomes: libsecret keeps the bus it first
// sees, so each environment needs a process of its own.

/** Only where it is asked for: without libsecret it does not load. */
const keytar = (): typeof Keytar => createRequire(import.meta.url)('keytar') as typeof Keytar

async function outcome([
  operation,
  profileId = '',
  value = '',
]: readonly string[]): Promise<string> {
  const keychain = new KeytarKeychain(profileId)
  switch (operation) {
    case 'probe':
      return probeKeychain()
    case 'load': {
      const loaded = await keychain.load()
      if (!loaded.ok) return loaded.error.code
      const { signingKey, agreementKey, databaseKey } = loaded.value
      return [signingKey, agreementKey, databaseKey].map(encodeHex).join(' ')
    }
    case 'save': {
      const [signingKey, agreementKey, databaseKey] = value
        .split(' ')
        .map((secret) => Uint8Array.from(Buffer.from(secret, 'hex')))
      if (!signingKey || !agreementKey || !databaseKey) throw new RangeError('three secrets')
      const saved = await keychain.save({ signingKey, agreementKey, databaseKey })
      return saved.ok ? 'ok' : saved.error.code
    }
    case 'remove': {
      const removed = await keychain.remove()
      return removed.ok ? 'ok' : removed.error.code
    }
    case 'entries':
      return JSON.stringify((await keytar().findCredentials('Sotto')).map(({ account }) => account))
    case 'read-raw':
      return (await keytar().getPassword('Sotto', profileId)) ?? ''
    case 'write-raw':
      await keytar().setPassword('Sotto', profileId, value)
      return 'ok'
    default:
      throw new RangeError('no such operation')
  }
}

const outcomes: string[] = []
for (const operation of JSON.parse(process.argv[2] ?? '[]') as string[][]) {
  outcomes.push(await outcome(operation))
}
process.stdout.write(JSON.stringify(outcomes))
