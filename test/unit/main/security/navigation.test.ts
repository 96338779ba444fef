import { EventEmitter } from 'node:events'
import { expect, test, vi } from 'vitest'

vi.mock('electron', () => ({ protocol: {} }))
const { guardNavigation } = await import('../../../../src/main/security/navigation.ts')

function guardedContents() {
  const openOutside = vi.fn()
  const setWindowOpenHandler = vi.fn()
  const contents = Object.assign(new EventEmitter(), { setWindowOpenHandler })
  guardNavigation(contents as never, openOutside)
  const isStopped = (name: string, url: string): boolean => {
    const preventDefault = vi.fn()
    contents.emit(name, { url, preventDefault })
    return preventDefault.mock.calls.length > 0
  }
  const open = (url: string): unknown => setWindowOpenHandler.mock.calls[0]?.[0]({ url })
  return { isStopped, open, openOutside }
}

test.each([
  'https://example.org/',
  'app://sotto/other.html',
  'app://sotto.evil/',
  'file:///etc/passwd',
  'javascript:alert(1)',
])('a page cannot go to %s, in no frame', (url) => {
  const { isStopped, openOutside } = guardedContents()
  expect(isStopped('will-navigate', url)).toBe(true)
  expect(isStopped('will-frame-navigate', url)).toBe(true)
  expect(openOutside).not.toHaveBeenCalled()
})

test('a page may be loaded again', () => {
  const { isStopped } = guardedContents()
  expect(isStopped('will-navigate', 'app://sotto/')).toBe(false)
})

test('redirects and webviews are refused, whatever their target', () => {
  const { isStopped } = guardedContents()
  expect(isStopped('will-redirect', 'app://sotto/')).toBe(true)
  expect(isStopped('will-attach-webview', 'app://sotto/')).toBe(true)
})

test('a window that a page opens is refused, and its link handed to the allow-list', () => {
  const { open, openOutside } = guardedContents()
  expect(open('https://example.org/')).toEqual({ action: 'deny' })
  expect(openOutside).toHaveBeenCalledExactlyOnceWith('https://example.org/')
})
