import { afterEach, expect, test, vi } from 'vitest'

afterEach(() => {
  vi.doUnmock('#crypto/primitives.ts')
  vi.resetModules()
})

test('the self-test passes on this runtime', async () => {
  const { runSelfTest } = await import('#crypto/self-test.ts')
  expect(runSelfTest).not.toThrow()
})

test.each([
  ['SHA-256', { sha256: () => new Uint8Array(32) }],
  ['ECDSA P-256', { verifyRaw: () => true }],
  ['random source', { randomBytes: (length: number) => new Uint8Array(length).fill(1) }],
])('a runtime whose %s is broken is refused by name', async (primitive, broken) => {
  vi.resetModules()
  vi.doMock('#crypto/primitives.ts', async (original) => ({
    ...(await original<object>()),
    ...broken,
  }))
  const { runSelfTest } = await import('#crypto/self-test.ts')
  expect(runSelfTest).toThrow(new TypeError(`cryptographic self-test failed: ${primitive}`))
})
