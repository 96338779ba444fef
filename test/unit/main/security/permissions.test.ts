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

const OURS = { requestingUrl: 'app://sotto/index.html', isMainFrame: true }
const CAMERA = { ...OURS, mediaTypes: ['video'] }

test.each([
  ['the camera, for our page', 'media', CAMERA, true],
  ['the microphone', 'media', { ...OURS, mediaTypes: ['audio'] }, false],
  ['camera and microphone', 'media', { ...OURS, mediaTypes: ['video', 'audio'] }, false],
  ['media of no kind', 'media', { ...OURS, mediaTypes: [] }, false],
  [
    'the camera, for another page',
    'media',
    { ...CAMERA, requestingUrl: 'app://sotto.evil/' },
    false,
  ],
  ['the camera, for a frame', 'media', { ...CAMERA, isMainFrame: false }, false],
  ['notifications', 'notifications', OURS, false],
  ['the screen', 'display-capture', CAMERA, false],
])('a request for %s is answered', (_, permission, details, answer) => {
  const granted = vi.fn()
  const [handler] = deniedSession().setPermissionRequestHandler.mock.calls[0] ?? []
  handler({}, permission, granted, details)
  expect(granted).toHaveBeenCalledExactlyOnceWith(answer)
})

test.each([
  [
    'the camera, for our page',
    'media',
    'app://sotto/',
    { isMainFrame: true, mediaType: 'video' },
    true,
  ],
  ['the microphone', 'media', 'app://sotto', { isMainFrame: true, mediaType: 'audio' }, false],
  [
    'the camera, for another',
    'media',
    'app://evil',
    { isMainFrame: true, mediaType: 'video' },
    false,
  ],
  [
    'the camera, for a frame',
    'media',
    'app://sotto',
    { isMainFrame: false, mediaType: 'video' },
    false,
  ],
  ['notifications', 'notifications', 'app://sotto', { isMainFrame: true }, false],
])('a check of %s is answered', (_, permission, origin, details, answer) => {
  const [handler] = deniedSession().setPermissionCheckHandler.mock.calls[0] ?? []
  expect(handler({}, permission, origin, details)).toBe(answer)
})

test('every device and capture is refused', () => {
  const session = deniedSession()
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
