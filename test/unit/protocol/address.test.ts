import { describe, expect, test } from 'vitest'
import { hostOf, nameOf, parseAddress, parseRelayHost } from '#protocol/address.ts'

describe('addresses', () => {
  test.each([
    ['ada@relay.example.org', 'ada@relay.example.org'],
    ['  Ada@Relay.Example.org ', 'ada@relay.example.org'],
    ['ben_2@localhost:8787', 'ben_2@localhost:8787'],
    ['c.d-e@127.0.0.1:1', 'c.d-e@127.0.0.1:1'],
    ['ada@[::1]:8787', 'ada@[::1]:8787'],
  ])('takes %s', (typed, address) => {
    expect(parseAddress(typed)).toBe(address)
  })

  test.each([
    '',
    'ada',
    '@relay.example.org',
    'ada@',
    'a@relay.example.org',
    '-ada@relay.example.org',
    'ada@relay@example.org',
    'ada@https://relay.example.org',
    'ada@relay.example.org/',
    'ada@relay.example.org:0',
    'ada@relay.example.org:65536',
    'ada@relay..org',
    'ada@-relay.org',
    'ada@rel ay.org',
    'аda@relay.example.org', // a Cyrillic а
    'ada@bücher.example',
    `ada@${'a'.repeat(300)}.org`,
  ])('refuses %j', (typed) => {
    expect(parseAddress(typed)).toBeNull()
  })

  test('splits into name and host', () => {
    const address = parseAddress('ada@relay.example.org:8443')
    if (address === null) throw new Error('the address must parse')
    expect(nameOf(address)).toBe('ada')
    expect(hostOf(address)).toBe('relay.example.org:8443')
  })

  test('forgives a scheme and a trailing slash where a relay is typed', () => {
    expect(parseRelayHost('https://Relay.example.org/')).toBe('relay.example.org')
    expect(parseRelayHost('http://localhost:8787')).toBe('localhost:8787')
    expect(parseRelayHost('ftp://relay.example.org')).toBeNull()
  })
})
