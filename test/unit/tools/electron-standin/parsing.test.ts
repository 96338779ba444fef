import { describe, expect, test } from 'vitest'
import {
  fromChromium,
  originOf,
  schemeOf,
  toChromium,
} from '../../../../tools/electron-standin/addresses.ts'
import { parseAccelerator } from '../../../../tools/electron-standin/api/accelerators.ts'
import {
  checkWebPreferences,
  initialBounds,
  limitSize,
} from '../../../../tools/electron-standin/api/window-options.ts'
import { parseLaunchArguments } from '../../../../tools/electron-standin/launch-arguments.ts'

describe('launch arguments', () => {
  test('the first argument that is no switch names the app', () => {
    const launch = parseLaunchArguments([
      '-r',
      'loader.js',
      '--inspect=0',
      '--no-sandbox',
      'folder',
      '--user-data-dir=/a=b',
      'sotto://add',
    ])
    expect(launch.target).toBe('folder')
    expect(launch.preloads).toEqual(['loader.js'])
    expect([...launch.switches]).toEqual([
      ['inspect', '0'],
      ['no-sandbox', ''],
      ['user-data-dir', '/a=b'],
    ])
  })

  test('a missing script is refused', () => {
    expect(() => parseLaunchArguments(['-r'])).toThrow(RangeError)
  })
})

describe('addresses of own schemes', () => {
  const isHandled = (scheme: string): boolean => scheme === 'sotto-app'

  test.each([
    ['sotto-app://app/index.html?a=1#b', 'https://sotto-app--app.standin.test/index.html?a=1#b'],
    ['sotto-app://main.page/', 'https://sotto-app--main.page.standin.test/'],
    ['https://example.org/', 'https://example.org/'],
    ['other://app/', 'other://app/'],
  ])('%s is loaded as %s', (own, chromium) => {
    expect(toChromium(own, isHandled)).toBe(chromium)
    expect(fromChromium(chromium)).toBe(own)
  })

  test('origins and schemes are read', () => {
    expect(originOf('sotto-app://app/index.html')).toBe('sotto-app://app')
    expect(originOf('about:blank')).toBe('null')
    expect(schemeOf('mailto:someone')).toBe('mailto')
    expect(schemeOf('nothing')).toBe('')
  })
})

describe('accelerators', () => {
  const none = { ctrl: false, alt: false, shift: false, meta: false }

  test.each([
    ['CmdOrCtrl+K', { ...none, key: 'k', ctrl: true }],
    ['Ctrl+Shift+Plus', { ...none, key: '+', ctrl: true, shift: true }],
    ['CommandOrControl++', { ...none, key: '+', ctrl: true }],
    ['Alt+Up', { ...none, key: 'arrowup', alt: true }],
    ['F11', { ...none, key: 'f11' }],
  ])('%s', (text, keys) => {
    expect(parseAccelerator(text, 'linux')).toEqual(keys)
  })

  test('the command key is the Mac’s', () => {
    expect(parseAccelerator('CmdOrCtrl+K', 'darwin')).toEqual({ ...none, key: 'k', meta: true })
  })

  test.each(['Ctrl+', 'A+B', 'Shift'])('%s is none', (text) => {
    expect(() => parseAccelerator(text, 'linux')).toThrow(RangeError)
  })
})

describe('window options', () => {
  test('unsafe and unknown preferences are refused', () => {
    expect(() => checkWebPreferences({ sandbox: true, contextIsolation: true })).not.toThrow()
    expect(() => checkWebPreferences({ sandbox: false })).toThrow('sandbox = false is refused')
    expect(() => checkWebPreferences({ zoomMode: 'disabled' })).toThrow('zoomMode is not supported')
  })

  test('sizes stay within their limits, and windows begin in the middle', () => {
    const limits = { minimum: [300, 200], maximum: [0, 400] } as const
    expect(limitSize({ width: 100, height: 900 }, limits)).toEqual({ width: 300, height: 400 })
    const area = { x: 0, y: 0, width: 1000, height: 800 }
    expect(initialBounds({ width: 200, minWidth: 400 }, area)).toEqual({
      x: 300,
      y: 100,
      width: 400,
      height: 600,
    })
  })
})
