import { expect, test } from 'vitest'
import { outsideUrl } from '../../../../src/main/security/outside-links.ts'

test.each([
  ['https://example.org/a?b#c', 'https://example.org/a?b#c'],
  ['HTTP://EXAMPLE.ORG', 'http://example.org/'],
  ['mailto:ada@example.org', 'mailto:ada@example.org'],
])('%s may be opened outside', (text, url) => {
  expect(outsideUrl(text)).toBe(url)
})

test.each([
  'file:///etc/passwd',
  'javascript:alert(1)',
  'data:text/html,hi',
  'smb://server/share',
  'ms-msdt:/id',
  'sotto://add?v=1',
  'vbscript:x',
  'https//missing-colon',
  'example.org',
  '',
])('%s may not', (text) => {
  expect(outsideUrl(text)).toBeNull()
})
