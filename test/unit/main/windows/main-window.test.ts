import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { en } from '../../../../src/main/texts/en.ts'
import { electronMock } from '../electron-mock.ts'
import { MemoryLog } from '../../ipc/fixtures.ts'

const electron = electronMock()
vi.mock('electron', () => electron)
const { MainWindow, nextZoom } = await import('../../../../src/main/windows/main-window.ts')

let hidesOnClose = false
const onFocus = vi.fn()
const update = vi.fn()
function shown() {
  const window = electron.BrowserWindow.made.at(-1)
  if (window === undefined) throw new Error('there is no window')
  return window
}

function makeWindow() {
  return new MainWindow({
    state: { get: () => ({ window: null }), update } as never,
    log: new MemoryLog(),
    title: 'Sotto',
    openOutside: () => undefined,
    texts: () => en,
    protectedFromCapture: () => false,
    hidesOnClose: () => hidesOnClose,
    onFocus,
    onClosed: () => undefined,
  })
}

beforeEach(() => {
  hidesOnClose = false
  electron.BrowserWindow.made.length = 0
})
afterEach(() => vi.clearAllMocks())

test('the window opens once, shows when it has painted, and comes back to the front after that', () => {
  const window = makeWindow()
  window.show()
  expect(shown().visible).toBe(false)
  shown().emit('ready-to-show')
  expect(shown().visible).toBe(true)
  window.show()
  expect(electron.BrowserWindow.made).toHaveLength(1)
  expect(shown().focused).toBe(true)
  expect(onFocus).toHaveBeenCalledOnce()
})

test('only the page of the open window is ours', () => {
  const window = makeWindow()
  expect(window.isOurs(1)).toBe(false)
  window.show()
  expect(window.isOurs(shown().webContents.id)).toBe(true)
  expect(window.isOurs(shown().webContents.id + 1)).toBe(false)
  const { id } = shown().webContents
  window.close()
  expect(window.isOurs(id)).toBe(false)
  expect(window.targets()).toEqual([])
})

test('a conversation is watched only while the window that shows it has the focus', () => {
  const window = makeWindow()
  window.show()
  window.setOpenConversation(5)
  expect(window.watchedConversation()).toBeNull()
  shown().focus()
  expect(window.watchedConversation()).toBe(5)
  window.setScreenLocked(true)
  expect(window.watchedConversation()).toBeNull()
  window.setScreenLocked(false)
  expect(window.watchedConversation()).toBe(5)
  shown().hide()
  expect(window.watchedConversation()).toBeNull()
})

test('with a tray, closing hides the window until the app quits', () => {
  hidesOnClose = true
  const window = makeWindow()
  window.show()
  const first = shown()
  first.show()
  window.close()
  expect(first.visible).toBe(false)
  expect(window.isOurs(first.webContents.id)).toBe(true)
  window.prepareToQuit()
  window.close()
  expect(window.isOurs(first.webContents.id)).toBe(false)
})

test('size, place and zoom are remembered', () => {
  const window = makeWindow()
  window.show()
  window.zoom(1)
  expect(update).toHaveBeenLastCalledWith({
    window: {
      bounds: { x: 10, y: 20, width: 900, height: 700 },
      maximised: false,
      zoomFactor: 1.1,
    },
  })
  update.mockClear()
  shown().emit('resize')
  expect(update).toHaveBeenCalledOnce()
})

test('a page that crashes is loaded again, but not for ever', () => {
  const window = makeWindow()
  window.show()
  const { webContents } = shown()
  for (let crash = 0; crash < 6; crash++) {
    webContents.emit('render-process-gone', {}, { reason: 'crashed', exitCode: 5 })
  }
  expect(webContents.reload).toHaveBeenCalledTimes(3)
})

test.each([
  [1, 1, 1.1],
  [1.1, 1, 1.25],
  [1, -1, 0.9],
  [3, 1, 3],
  [0.5, -1, 0.5],
  [1.02, 0, 1],
] as const)('zoom %f, step %i: %f', (factor, direction, next) => {
  expect(nextZoom(factor, direction)).toBe(next)
})

test('a window that opens later bears the mark of what came before', () => {
  const window = makeWindow()
  const icon = {} as never
  window.setOverlay(icon, '1 unread message')
  window.show()
  shown().emit('ready-to-show')
  expect(shown().setOverlayIcon).toHaveBeenCalledExactlyOnceWith(icon, '1 unread message')
})
