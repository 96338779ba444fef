import { afterEach, describe, expect, test, vi } from 'vitest'
import { electronMock } from './electron-mock.ts'

const electron = electronMock()
vi.mock('electron', () => electron)
const { showBadge } = await import('../../../src/main/badge.ts')
const { bitmap } = await import('../../../src/main/icons.ts')
const { autostartEntry, canLaunchAtLogin, entryName, setLaunchAtLogin, wasLaunchedAtLogin } =
  await import('../../../src/main/login-item.ts')
const { proxyUrlOf } = await import('../../../src/main/system-proxy.ts')
const { shellTexts, withCount } = await import('../../../src/main/texts/shell-texts.ts')
const { applyTheme } = await import('../../../src/main/theme.ts')

test.each([
  ['DIRECT', null],
  ['PROXY proxy.example.org:3128; DIRECT', 'http://proxy.example.org:3128'],
  ['HTTPS proxy.example.org:443', 'https://proxy.example.org:443'],
  ['SOCKS5 127.0.0.1:9050;DIRECT', 'socks5://127.0.0.1:9050'],
  ['SOCKS 127.0.0.1:1080', 'socks5://127.0.0.1:1080'],
])('the system says %j: %j', (resolved, url) => {
  expect(proxyUrlOf(resolved)).toBe(url)
})

test.each(['', 'PROXY', 'QUIC proxy.example.org:443', 'nonsense'])(
  'the system says %j, which names no proxy and allows no direct connection',
  (resolved) => {
    expect(() => proxyUrlOf(resolved)).toThrow('names no proxy')
  },
)

test('the badge shows the number, and nothing once all is read', () => {
  const window = { setOverlay: vi.fn() }
  const options = { platform: 'linux', window, texts: shellTexts('en', 'en') } as const
  showBadge(3, options)
  showBadge(0, options)
  expect(electron.app.setBadgeCount.mock.calls).toEqual([[3], [0]])
  expect(window.setOverlay).not.toHaveBeenCalled()
})

test.each([
  ['system', 'de-AT', 'Beenden'],
  ['system', 'fr', 'Quitter'],
  ['system', 'ja-JP', 'Quit'],
  ['system', 'constructor', 'Quit'],
  ['es', 'de', 'Salir'],
] as const)('language %s with locale %s', (language, locale, word) => {
  expect(shellTexts(language, locale).quit.toLowerCase()).toContain(word.toLowerCase())
})

test('every text with a number has it in every language', () => {
  for (const language of ['en', 'de', 'es', 'fr'] as const) {
    const texts = shellTexts(language, 'en')
    expect(withCount(texts.newMessages, 7)).toContain('7')
    expect(withCount(texts.unreadMany, 7)).toContain('7')
  }
})

test.each([
  ['dark', 'dark'],
  ['light', 'light'],
  ['high-contrast', 'dark'],
  ['system', 'system'],
] as const)('the theme %s asks the platform for %s', (theme, source) => {
  applyTheme(theme)
  expect(electron.nativeTheme.themeSource).toBe(source)
})

test('the entry for the login quotes the path of the app', () => {
  const entry = autostartEntry('/opt/My $pecial "100%"/sotto', ['--background'])
  expect(entry).toContain('Exec="/opt/My \\\\$pecial \\\\"100%%\\\\"/sotto" --background\n')
})

test('drawings have smooth edges and premultiplied colours', () => {
  const half = bitmap(2, (x) => (x < 0.75 ? [255, 0, 128] : null))
  expect([...half.subarray(0, 8)]).toEqual([128, 0, 255, 255, 64, 0, 128, 128])
})

describe('on other systems than Linux', () => {
  const { platform } = process
  const become = (other: NodeJS.Platform) =>
    Object.defineProperty(process, 'platform', { value: other })
  afterEach(() => {
    become(platform)
    electron.app.isPackaged = false
    vi.clearAllMocks()
  })

  test('each profile has an entry of its own for the login on Windows', async () => {
    become('win32')
    electron.app.isPackaged = true
    await setLaunchAtLogin(true, 'work')
    expect(electron.app.setLoginItemSettings).toHaveBeenCalledExactlyOnceWith({
      openAtLogin: true,
      name: 'Sotto-work',
      args: ['--background', '--profile=work'],
    })
    expect(entryName('default')).toBe('Sotto')
  })

  test('macOS, which passes no arguments, starts the default profile alone', async () => {
    become('darwin')
    electron.app.isPackaged = true
    await setLaunchAtLogin(true, 'work')
    expect(electron.app.setLoginItemSettings).not.toHaveBeenCalled()
    await setLaunchAtLogin(true, 'default')
    expect(electron.app.setLoginItemSettings).toHaveBeenCalledOnce()
    expect(canLaunchAtLogin('darwin', 'work')).toBe(false)
    expect(canLaunchAtLogin('linux', 'work')).toBe(true)
  })

  test('only macOS says whether it started the app at login', () => {
    electron.app.getLoginItemSettings.mockReturnValue({ wasOpenedAtLogin: true })
    become('linux')
    expect(wasLaunchedAtLogin()).toBe(false)
    become('darwin')
    expect(wasLaunchedAtLogin()).toBe(true)
  })
})
