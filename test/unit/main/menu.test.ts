import type { MenuItemConstructorOptions } from 'electron'
import { expect, test, vi } from 'vitest'
import { MENU_COMMANDS } from '#ipc/contract.ts'
import { en } from '../../../src/main/texts/en.ts'

vi.mock('electron', () => ({ Menu: {} }))
const { menuTemplate } = await import('../../../src/main/menu.ts')

const choose = vi.fn()
const zoom = vi.fn()
const closeWindow = vi.fn()

function items(isMac: boolean): MenuItemConstructorOptions[] {
  const template = menuTemplate(
    { texts: en, isMac, withDeveloperTools: false },
    { choose, zoom, closeWindow },
  )
  return template.flatMap(({ submenu }) => (Array.isArray(submenu) ? submenu : []))
}

function click(item: MenuItemConstructorOptions): void {
  ;(item.click as (() => void) | undefined)?.()
}

test.each([true, false])('every command is in the menu once (macOS: %s)', (isMac) => {
  choose.mockClear()
  items(isMac).forEach(click)
  const chosen = choose.mock.calls.map(([command]) => command)
  expect(chosen).toHaveLength(MENU_COMMANDS.length)
  expect(new Set(chosen)).toEqual(new Set(MENU_COMMANDS))
})

test.each([true, false])('no two items share an accelerator (macOS: %s)', (isMac) => {
  const accelerators = items(isMac).flatMap(({ accelerator }) => accelerator ?? [])
  expect(new Set(accelerators).size).toBe(accelerators.length)
})

test('zoom and close act on the window', () => {
  zoom.mockClear()
  items(false).forEach(click)
  expect(zoom.mock.calls).toEqual([[1], [-1], [0]])
  expect(closeWindow).toHaveBeenCalled()
})

test('developer tools are in the menu only where they are allowed', () => {
  expect(JSON.stringify(items(false))).not.toContain('toggleDevTools')
})
