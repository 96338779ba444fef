import { beforeEach, expect, test, vi } from 'vitest'
import { en } from '../../../src/main/texts/en.ts'
import { de } from '../../../src/main/texts/de.ts'

interface Representation {
  readonly scaleFactor: number
  readonly width: number
  readonly height: number
  readonly buffer: Buffer
}

class FakeImage {
  readonly representations: Representation[] = []
  isTemplate = false
  addRepresentation(representation: Representation): void {
    this.representations.push(representation)
  }
  setTemplateImage(isTemplate: boolean): void {
    this.isTemplate = isTemplate
  }
}
const tray = {
  image: new FakeImage(),
  on: vi.fn(),
  setImage: vi.fn((image: FakeImage) => {
    tray.image = image
  }),
  setToolTip: vi.fn(),
  setContextMenu: vi.fn(),
}
vi.mock('electron', () => ({
  Menu: { buildFromTemplate: (items: unknown) => items },
  nativeImage: { createEmpty: () => new FakeImage() },
  Tray: vi.fn(function (image: FakeImage) {
    tray.image = image
    return tray
  }),
}))
const { AppTray } = await import('../../../src/main/tray.ts')

const actions = { toggle: vi.fn(), open: vi.fn(), quit: vi.fn() }
const pixels = () => tray.image.representations[0]?.buffer.toString('hex')

beforeEach(() => vi.clearAllMocks())

test('the icon is sharp on every display and a template on macOS', () => {
  new AppTray(en, true, actions)
  const sizes = tray.image.representations.map((one) => [one.scaleFactor, one.width, one.height])
  expect(sizes).toEqual([
    [1, 22, 22],
    [2, 44, 44],
  ])
  for (const { width, height, buffer } of tray.image.representations) {
    expect(buffer).toHaveLength(width * height * 4)
  }
  expect(tray.image.isTemplate).toBe(true)
})

test.each([
  [false, ['click']],
  [true, []],
])('a click shows or hides the window, unless it opens the menu (macOS: %s)', (isMac, events) => {
  new AppTray(en, isMac, actions)
  expect(tray.on.mock.calls.map(([event]) => event)).toEqual(events)
})

test('unread messages change the icon once, and the text with every count', () => {
  const appTray = new AppTray(en, false, actions)
  const quiet = pixels()
  appTray.showUnread(1, en)
  appTray.showUnread(2, en)
  expect(pixels()).not.toBe(quiet)
  expect(tray.setImage).toHaveBeenCalledOnce()
  expect(tray.setToolTip.mock.calls).toEqual([
    ['Sotto: 1 unread message'],
    ['Sotto: 2 unread messages'],
  ])
  appTray.showUnread(0, en)
  expect(pixels()).toBe(quiet)
  expect(tray.setToolTip).toHaveBeenLastCalledWith('Sotto')
})

test('the menu of the icon opens and quits, in the language of the settings', () => {
  const appTray = new AppTray(en, false, actions)
  appTray.setTexts(de)
  const items: { label?: string; click?: () => void }[] = tray.setContextMenu.mock.lastCall?.[0]
  expect(items.map(({ label }) => label)).toEqual(['Sotto öffnen', undefined, 'Sotto beenden'])
  for (const { click } of items) click?.()
  expect(actions.open).toHaveBeenCalledOnce()
  expect(actions.quit).toHaveBeenCalledOnce()
})
