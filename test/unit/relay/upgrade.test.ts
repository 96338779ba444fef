import { copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import SQLite from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { randomBytes } from '#crypto/primitives.ts'
import type { IncomingEnvelope } from '#core/ports.ts'
import { encodeHex } from '#shared/bytes.ts'
import {
  FIXTURE_ENVELOPES,
  FIXTURE_INVITE,
  FIXTURE_MS,
  fixtureEnvelopeId,
  fixtureSigner,
  fixtureToken,
} from './fixture.ts'
import { CERTIFICATE, ShiftedClock, testClient, testRelay, testSigner, unwrap } from './harness.ts'

const FIXTURES = new URL('../../fixtures/relay/', import.meta.url).pathname

describe('a database of an earlier relay', () => {
  let folder: string
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'sotto-upgrade-'))))
  afterEach(() => rmSync(folder, { recursive: true }))

  test.each(readdirSync(FIXTURES))(
    '%s opens and serves all that was in it',
    async (file: string) => {
      copyFileSync(join(FIXTURES, file), join(folder, 'relay.db'))
      const clock = new ShiftedClock()
      clock.shiftMs = FIXTURE_MS + 1_000 - Date.now()
      const relay = await testRelay(
        { dataDir: folder, registration: 'invite' },
        { nowMs: () => clock.nowMs() },
      )
      const client = testClient(clock)
      const alice = fixtureSigner('alice')
      try {
        // Keys, one-time ones included, are still there.
        const bundles = unwrap(await client.fetchBundles(relay.host, 'bob', randomBytes(16)))
        expect(bundles.signingKey).toEqual(fixtureSigner('bob').signingKey)
        expect(bundles.bundles[0]?.oneTimePrekey?.id).toBe(1)

        // A repeated deposit is recognised, a new one follows what waits.
        const deposit = (envelopeId: Uint8Array, envelope: Uint8Array) =>
          client.deposit(relay.host, {
            deviceId: 1,
            token: fixtureToken('alice'),
            envelopeId,
            envelope,
          })
        unwrap(await deposit(fixtureEnvelopeId(2), FIXTURE_ENVELOPES[2] as Uint8Array))
        const fourth = randomBytes(16)
        unwrap(await deposit(fourth, Uint8Array.of(4)))
        const received: IncomingEnvelope[] = []
        await new Promise<void>((resolve, reject) => {
          const subscription = client.subscribe(relay.host, alice, 0, {
            received: async (batch) => void received.push(...batch),
            drained: () => void subscription.close().then(resolve, reject),
            stateChanged: () => undefined,
          })
        })
        // The first was acknowledged before the upgrade.
        expect(
          received.map(({ relaySeq, envelopeId }) => [relaySeq, encodeHex(envelopeId)]),
        ).toEqual(
          [fixtureEnvelopeId(1), fixtureEnvelopeId(2), fourth].map((id, index) => [
            index + 2,
            encodeHex(id),
          ]),
        )
        expect(received.slice(0, 2).map(({ envelope }) => Buffer.from(envelope))).toEqual(
          FIXTURE_ENVELOPES.slice(1).map((body) => Buffer.from(body)),
        )

        // The invite code is good for the two it was made for.
        const register = (name: string) =>
          client.register(
            relay.host,
            testSigner(name),
            { certificate: CERTIFICATE },
            FIXTURE_INVITE,
          )
        unwrap(await register('carol'))
        unwrap(await register('dave'))
        expect(await register('erin')).toMatchObject({ error: { code: 'INVITE_CODE_INVALID' } })
      } finally {
        await client.close()
        await relay.close()
      }
    },
  )

  test('is refused where a newer relay wrote it, and left as it was', async () => {
    const path = join(folder, 'relay.db')
    copyFileSync(join(FIXTURES, 'v1.db'), path)
    const newer = new SQLite(path)
    newer.pragma('user_version = 99')
    newer.close()
    await expect(testRelay({ dataDir: folder })).rejects.toThrow(
      /version 99; this relay knows up to \d+\. Install the newer relay/,
    )
    const after = new SQLite(path, { readonly: true })
    expect(after.pragma('user_version', { simple: true })).toBe(99)
    after.close()
  })
})
