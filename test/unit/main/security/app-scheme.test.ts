import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'

const registerSchemesAsPrivileged = vi.fn()
vi.mock('electron', () => ({ protocol: { registerSchemesAsPrivileged } }))
const { answerPageRequest, fileOf, registerAppScheme, START_URL } =
  await import('../../../../src/main/security/app-scheme.ts')

let folder = ''
let root = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sotto-scheme-'))
  root = join(folder, 'renderer')
  await mkdir(join(root, 'assets'), { recursive: true })
  await writeFile(join(root, 'index.html'), '<!doctype html>')
  await writeFile(join(root, 'assets', 'index-a1_B.js'), 'export {}')
  await writeFile(join(root, 'notes.txt'), 'not of a kind that pages need')
  await writeFile(join(folder, 'secret.html'), 'outside')
  await writeFile(join(folder, 'renderer-secret.html'), 'outside')
})
afterAll(() => rm(folder, { recursive: true }))

const get = (url: string) => answerPageRequest({ url, method: 'GET' }, root)

test('the start page and its files are served with their types and all headers', async () => {
  const page = await get(START_URL)
  expect(page.status).toBe(200)
  expect(await page.text()).toBe('<!doctype html>')
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
  expect(page.headers.get('content-security-policy')).toBe(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
  )
  expect(page.headers.get('x-content-type-options')).toBe('nosniff')
  const script = await get('app://sotto/assets/index-a1_B.js')
  expect(script.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
})

test.each([
  'app://sotto/../secret.html',
  'app://sotto/..%2fsecret.html',
  'app://sotto/%2e%2e/secret.html',
  'app://sotto/%2e%2e%2fsecret.html',
  'app://sotto/assets/../../secret.html',
  'app://sotto/assets/..\\..\\secret.html',
  'app://sotto/..\\secret.html',
  'app://sotto/%5c..%5csecret.html',
  'app://sotto//etc/passwd',
  'app://sotto/../renderer-secret.html',
  'app://sotto/C:/secret.html',
  'app://sotto/index.html%00.png',
  'app://sotto/index.html/',
  'app://sotto/.hidden.html',
  'app://sotto/notes.txt',
  'app://sotto/assets',
  'app://sotto/missing.js',
  'app://other/index.html',
  'app://sotto:80/index.html',
  'app://user@sotto/index.html',
  'https://sotto/index.html',
  'file:///etc/passwd',
  'nonsense',
])('%s is not found', async (url) => {
  const answer = await get(url)
  expect(answer.status).toBe(404)
  expect(await answer.text()).toBe('Not found')
  expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'")
})

test('no path leads out of the folder of the page', () => {
  const pieces = fc.constantFrom(
    '..',
    '.',
    '%2e',
    '%2f',
    '/',
    '\\',
    '%5c',
    'a',
    'index.html',
    '~',
    ':',
    '%00',
  )
  fc.assert(
    fc.property(fc.array(fc.oneof(pieces, fc.string())), (parts) => {
      const path = fileOf(`app://sotto/${parts.join('')}`, root)
      if (path !== null) expect(path.startsWith(`${root}/`)).toBe(true)
    }),
  )
})

test('only reading is answered', async () => {
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE']) {
    expect((await answerPageRequest({ url: START_URL, method }, root)).status).toBe(405)
  }
  const head = await answerPageRequest({ url: START_URL, method: 'HEAD' }, root)
  expect([head.status, await head.text()]).toEqual([200, ''])
})

test('the scheme gets no privilege beyond an origin, a secure context and fetch', () => {
  registerAppScheme()
  expect(registerSchemesAsPrivileged).toHaveBeenCalledExactlyOnceWith([
    {
      scheme: 'app',
      privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true },
    },
  ])
})
