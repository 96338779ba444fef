import { beforeEach, expect, test, vi } from 'vitest'
import { en } from '../../../../src/main/texts/en.ts'
import { electronMock } from '../electron-mock.ts'

const electron = electronMock()
vi.mock('electron', () => electron)
const { createWindow, windowOptions } =
  await import('../../../../src/main/windows/create-window.ts')

const options = {
  placement: { bounds: { width: 900, height: 700 }, maximised: false, zoomFactor: 1.25 },
  title: 'Sotto',
  dark: true,
  protectedFromCapture: false,
  openOutside: () => undefined,
  texts: () => en,
}

beforeEach(() => {
  electron.app.isPackaged = false
})

test('every window is isolated, sandboxed and without Node', () => {
  expect(windowOptions(options).webPreferences).toEqual({
    preload: expect.stringMatching(/preload[\\/]index\.cjs$/),
    contextIsolation: true,
    sandbox: true,
    nodeIntegration: false,
    nodeIntegrationInWorker: false,
    nodeIntegrationInSubFrames: false,
    webSecurity: true,
    allowRunningInsecureContent: false,
    webviewTag: false,
    navigateOnDragDrop: false,
    disableDialogs: true,
    spellcheck: false,
    devTools: true,
    zoomFactor: 1.25,
  })
})

test('an installed app has no developer tools', () => {
  electron.app.isPackaged = true
  expect(windowOptions(options).webPreferences?.devTools).toBe(false)
})

test('a window is hidden until it has painted, and takes its place', () => {
  const made = windowOptions(options)
  expect(made).toMatchObject({ show: false, width: 900, height: 700, title: 'Sotto' })
  expect(made).not.toHaveProperty('x')
})

test('a window loads our page, guarded', () => {
  const window = createWindow({ ...options, protectedFromCapture: true })
  const fake = electron.BrowserWindow.made.at(-1)
  expect(window).toBe(fake)
  expect(fake?.loadURL).toHaveBeenCalledExactlyOnceWith('app://sotto/')
  expect(fake?.webContents.setWindowOpenHandler).toHaveBeenCalledOnce()
  expect(fake?.webContents.listenerCount('will-navigate')).toBe(1)
  expect(fake?.setContentProtection).toHaveBeenCalledExactlyOnceWith(true)
})
