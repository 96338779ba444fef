import { EventEmitter } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'

const folder = mkdtempSync(join(tmpdir(), 'sotto-lifecycle-'))
const getPath = vi.fn(() => folder)
const app = Object.assign(new EventEmitter(), {
  enableSandbox: vi.fn(),
  setAppUserModelId: vi.fn(),
  getPath,
  setPath: vi.fn(),
  requestSingleInstanceLock: vi.fn(() => true),
  isReady: vi.fn(() => true),
  whenReady: async () => undefined,
  exit: vi.fn(),
  quit: vi.fn(),
})
const shell = {
  openLink: vi.fn(),
  show: vi.fn(),
  start: vi.fn(async () => undefined),
  prepareToQuit: vi.fn(),
  close: vi.fn(async () => undefined),
}
const dialog = { showErrorBox: vi.fn() }
vi.mock('electron', () => ({ app, dialog, protocol: { registerSchemesAsPrivileged: vi.fn() } }))
vi.mock('../../../src/main/shell.ts', () => ({
  Shell: vi.fn(function () {
    return shell
  }),
}))
vi.mock('../../../src/main/smoke-test.ts', () => ({ runSmokeTest: vi.fn() }))
const { startApp } = await import('../../../src/main/app-lifecycle.ts')

const LINK = 'sotto://add?v=1'
const launch = { profile: 'work', link: null, background: false, smokeTest: false }

beforeEach(() => {
  app.removeAllListeners()
  vi.clearAllMocks()
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

test('each profile has a folder of its own, closed to others, before anything is locked', async () => {
  startApp(launch)
  const root = join(folder, 'profiles', 'work')
  expect(app.setPath.mock.calls).toEqual([
    ['userData', root],
    ['sessionData', join(root, 'session')],
  ])
  expect(statSync(root).mode & 0o777).toBe(0o700)
  expect(app.setPath.mock.invocationCallOrder[1]).toBeLessThan(
    app.requestSingleInstanceLock.mock.invocationCallOrder[0] ?? 0,
  )
  expect(app.enableSandbox).toHaveBeenCalledOnce()
  await vi.waitFor(() => expect(shell.start).toHaveBeenCalledExactlyOnceWith({ background: false }))
})

test('a second start hands its link over and ends', () => {
  app.requestSingleInstanceLock.mockReturnValueOnce(false)
  startApp({ ...launch, link: LINK })
  expect(app.requestSingleInstanceLock).toHaveBeenCalledExactlyOnceWith({ link: LINK })
  expect(app.exit).toHaveBeenCalledExactlyOnceWith(0)
  expect(shell.start).not.toHaveBeenCalled()
})

test('the first instance takes the link of the second and comes to the front', () => {
  startApp(launch)
  app.emit('second-instance', {}, [], '/', { link: LINK })
  expect(shell.openLink).toHaveBeenCalledExactlyOnceWith(LINK)
  expect(shell.show).toHaveBeenCalledOnce()
})

test.each([null, {}, { link: 7 }, { link: 'https://example.org' }, { link: null }, 'sotto://add'])(
  'a second start that says %j just brings the window to the front',
  (data) => {
    startApp(launch)
    app.emit('second-instance', {}, [], '/', data)
    expect(shell.openLink).not.toHaveBeenCalled()
    expect(shell.show).toHaveBeenCalledOnce()
  },
)

test('a link that started the app, or that macOS opens, is taken', () => {
  startApp({ ...launch, link: LINK })
  expect(shell.openLink).toHaveBeenCalledExactlyOnceWith(LINK)
  const preventDefault = vi.fn()
  app.emit('open-url', { preventDefault }, `${LINK}&a=2`)
  expect(shell.openLink).toHaveBeenLastCalledWith(`${LINK}&a=2`)
  expect(preventDefault).toHaveBeenCalledOnce()
})

test('the process ends only after the profile was closed', async () => {
  let close = (): void => undefined
  shell.close.mockReturnValueOnce(new Promise((resolve) => (close = () => resolve(undefined))))
  startApp(launch)
  app.emit('before-quit')
  expect(shell.prepareToQuit).toHaveBeenCalledOnce()
  const preventDefault = vi.fn()
  app.emit('will-quit', { preventDefault })
  expect(preventDefault).toHaveBeenCalledOnce()
  await new Promise((resolve) => setTimeout(resolve))
  expect(app.exit).not.toHaveBeenCalled()
  close()
  await vi.waitFor(() => expect(app.exit).toHaveBeenCalledOnce())
})

test('a folder that cannot be made is told of in plain words, and nothing is started', () => {
  const file = join(folder, 'a file')
  mkdirSync(folder, { recursive: true })
  writeFileSync(file, '')
  getPath.mockReturnValueOnce(file)
  startApp(launch)
  expect(dialog.showErrorBox).toHaveBeenCalledExactlyOnceWith(
    'Sotto',
    expect.stringContaining('cannot be read or written'),
  )
  expect(app.exit).toHaveBeenCalledExactlyOnceWith(1)
  expect(app.requestSingleInstanceLock).not.toHaveBeenCalled()
})

test('a click on the icon before the app is ready opens no window', () => {
  startApp(launch)
  app.isReady.mockReturnValueOnce(false)
  app.emit('activate')
  expect(shell.show).not.toHaveBeenCalled()
  app.emit('activate')
  expect(shell.show).toHaveBeenCalledOnce()
})
