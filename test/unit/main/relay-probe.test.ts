import { expect, test, vi } from 'vitest'
import type { Relay } from '#core/ports.ts'
import { failure } from '#shared/errors.ts'
import { err, ok } from '#shared/result.ts'
import { parseRelayHost } from '#protocol/address.ts'
import { RelayProbe } from '../../../src/main/relay-probe.ts'

const INFO = { version: '1', registration: 'invite', secure: true, serverTimeMs: 5 } as const

function makeProbe(relay: Partial<Relay> = {}) {
  const fake = {
    info: vi.fn(async () => ok(INFO)),
    nameFree: vi.fn(async () => ok(true)),
    setProxy: vi.fn(),
    close: vi.fn(async () => undefined),
    ...relay,
  }
  const probe = new RelayProbe({
    makeRelay: () => fake as unknown as Relay,
    nowMs: vi.fn().mockReturnValueOnce(100).mockReturnValueOnce(142),
  })
  return { probe, fake }
}

test('a relay is asked through the proxy of the system, and shown what matters', async () => {
  const { probe, fake } = makeProbe()
  expect(await probe.check('https://Relay.Example.org/')).toEqual(
    ok({ version: '1', registration: 'invite', secure: true }),
  )
  expect(fake.setProxy).toHaveBeenCalledExactlyOnceWith({ kind: 'system' })
  expect(fake.close).toHaveBeenCalledOnce()
})

test('a name is asked for in the form in which it would be registered', async () => {
  const { probe, fake } = makeProbe()
  expect(await probe.checkName('relay.example.org', ' Ada ')).toEqual(ok({ free: true }))
  expect(fake.nameFree).toHaveBeenCalledExactlyOnceWith('relay.example.org', 'ada')
})

test('what is no relay is refused without asking anyone', async () => {
  const { probe, fake } = makeProbe()
  expect(await probe.check('not a host')).toEqual(err(failure('ADDRESS_INVALID')))
  expect(await probe.checkName('a/b', 'ada')).toEqual(err(failure('ADDRESS_INVALID')))
  expect(fake.info).not.toHaveBeenCalled()
})

test('a proxy is tried as given, and the connection closed even where it fails', async () => {
  const host = parseRelayHost('relay.example.org')
  if (host === null) throw new Error('not a host')
  const proxy = { kind: 'custom', url: 'socks5://127.0.0.1:9050' } as const
  const { probe, fake } = makeProbe()
  expect(await probe.measure(host, proxy)).toEqual(ok({ latencyMs: 42 }))
  expect(fake.setProxy).toHaveBeenCalledExactlyOnceWith(proxy)

  const broken = makeProbe({ info: async () => err(failure('PROXY_UNREACHABLE')) })
  expect(await broken.probe.measure(host, proxy)).toEqual(err(failure('PROXY_UNREACHABLE')))
  expect(broken.fake.close).toHaveBeenCalledOnce()
})
