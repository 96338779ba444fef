import { describe, expect, test } from 'vitest'
import { parseAddress } from '#protocol/address.ts'
import { decodeInviteLink, encodeInviteLink } from '#protocol/invite-link.ts'

const address = parseAddress('ada@localhost:8787')
if (address === null) throw new Error('the address must parse')
const link = {
  address,
  fingerprint: new Uint8Array(32).fill(7),
  token: new Uint8Array(32).fill(9),
}
const encoded = encodeInviteLink(link)

describe('invite links', () => {
  test('decode to what was encoded, surrounded by white space or not', () => {
    expect(decodeInviteLink(encoded)).toEqual(link)
    expect(decodeInviteLink(`  ${encoded}\n`)).toEqual(link)
  })

  test('ignore parameters of later versions', () => {
    expect(decodeInviteLink(`${encoded}&x=1`)).toEqual(link)
  })

  test.each([
    ['another scheme', encoded.replace('sotto:', 'https:')],
    ['another action', encoded.replace('//add', '//remove')],
    ['another version', encoded.replace('v=1', 'v=2')],
    ['no address', encoded.replace(/a=[^&]*/, 'a=')],
    ['a broken escape', encoded.replace(/a=[^&]*/, 'a=%zz')],
    ['a short fingerprint', encoded.replace(/f=[^&]*/, 'f=BwcH')],
    ['a padded token', `${encoded}=`],
    ['a repeated parameter', `${encoded}&v=1`],
    ['a cut link', encoded.slice(0, -10)],
    ['nothing', ''],
  ])('are refused with %s', (_, text) => {
    expect(decodeInviteLink(text)).toBeNull()
  })
})
