import { EventEmitter } from 'node:events'
import { expect, test, vi } from 'vitest'
import { denyByDefault, staysInside } from '../../../../src/main/security/permissions.ts'

function deniedSession() {
  const session = Object.assign(new EventEmitter(), {
    setPermissionRequestHandler: vi.fn(),
    setPermissionCheckHandler: vi.fn(),
    setDevicePermissionHandler: vi.fn(),
    setDisplayMediaRequestHandler: vi.fn(),
    setSpellCheckerEnabled: vi.fn(),
    webRequest: { onBeforeRequest: vi.fn() },
  })
  denyByDefault(session as never, 'app://sotto')
  return session
}

test('every permission, device and capture is refused', () => {
  const session = deniedSession()
  const granted = vi.fn()
  session.setPermissionRequestHandler.mock.calls[0]?.[0]({}, 'media', granted)
  expect(granted).toHaveBeenCalledExactlyOnceWith(false)
  expect(session.setPermissionCheckHandler.mock.calls[0]?.[0]({}, 'notifications')).toBe(false)
  expect(session.setDevicePermissionHandler.mock.calls[0]?.[0]({})).toBe(false)
  const streams = vi.fn()
  session.setDisplayMediaRequestHandler.mock.calls[0]?.[0]({}, streams)
  expect(streams).toHaveBeenCalledExactlyOnceWith(null)
})

test('downloads are refused, and the spell checker fetches no dictionary', () => {
  const session = deniedSession()
  const preventDefault = vi.fn()
  session.emit('will-download', { preventDefault })
  expect(preventDefault).toHaveBeenCalledOnce()
  expect(session.setSpellCheckerEnabled).toHaveBeenCalledExactlyOnceWith(false)
})

test('requests to the network are cancelled', () => {
  const session = deniedSession()
  const callback = vi.fn()
  const filter = session.webRequest.onBeforeRequest.mock.calls[0]?.[0]
  filter({ url: 'https://example.org/pixel.png' }, callback)
  filter({ url: 'app://sotto/assets/a.js' }, callback)
  expect(callback.mock.calls).toEqual([[{ cancel: true }], [{ cancel: false }]])
})

test.each([
  ['app://sotto/', true],
  ['app://sotto/assets/a.css', true],
  ['blob:app://sotto/1-2-3', true],
  ['data:image/png;base64,AA==', true],
  ['devtools://devtools/bundled/a.js', true],
  ['app://sotto.evil/', false],
  ['blob:https://example.org/1', false],
  ['https://example.org/', false],
  ['wss://example.org/', false],
  ['file:///etc/passwd', false],
  ['ftp://example.org/', false],
  ['nonsense', false],
])('%s stays inside: %s', (url, inside) => {
  expect(staysInside(url, 'app://sotto')).toBe(inside)
})
