import { expect, test, vi } from 'vitest'
import type { Context } from '#core/context.ts'
import { keyHealth } from '#core/key-health.ts'
import { randomBytes, SigningKeyPair } from '#crypto/primitives.ts'
import { ok } from '#shared/result.ts'

const keychain = { protection: 'vault', backend: 'test' } as const
const cancel = vi.fn()

function contextWith(prekeysLeft: () => Promise<unknown>, schedule: Context['clock']['schedule']) {
  return {
    account: () => ({ address: 'ada@relay.test' }),
    signer: () => null,
    relay: { prekeysLeft },
    clock: { schedule },
    store: { cipher: 'test', prekeys: { list: () => [] } },
    keys: { signing: SigningKeyPair.generate(randomBytes) },
  } as unknown as Context
}

test('a relay that does not answer holds up nothing that is known here', async () => {
  const context = contextWith(
    () => new Promise(() => undefined),
    (_delayMs, callback) => {
      queueMicrotask(callback)
      return cancel
    },
  )
  expect(await keyHealth(context, keychain, 'test')).toMatchObject({
    protection: 'vault',
    selfTestPassed: true,
    oneTimePrekeysLeft: null,
  })
})

test('a relay that answers is believed', async () => {
  const context = contextWith(
    async () => ok({ oneTime: 87 }),
    () => cancel,
  )
  const health = await keyHealth(context, keychain, 'test')
  expect(health.oneTimePrekeysLeft).toBe(87)
  expect(cancel).toHaveBeenCalledOnce()
})
