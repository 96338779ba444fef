import { EventEmitter } from 'node:events'
import type { MenuItemConstructorOptions } from 'electron'
import { loudClass } from '../loud.ts'
import type { Accelerator } from '../page/messages.ts'
import { parseAccelerator } from './accelerators.ts'
import { app } from './app.ts'
import { BrowserWindow } from './browser-window.ts'
import { MENU_ROLES } from './menu-roles.ts'
import { windowEvents } from './windows.ts'

let lastCommandId = 0

/** `MenuItem`. Nothing shows it; a test clicks it, or the keys of its accelerator do. */
export class MenuItem {
  readonly commandId = ++lastCommandId
  readonly id: string | undefined
  readonly type: string
  readonly role: string | undefined
  readonly accelerator: string | undefined
  readonly submenu: Menu | undefined
  readonly toolTip: string
  readonly sublabel: string
  readonly icon: unknown
  readonly registerAccelerator: boolean
  label: string
  enabled: boolean
  visible: boolean
  checked: boolean
  readonly #click: MenuItemConstructorOptions['click'] | undefined

  constructor(options: MenuItemConstructorOptions) {
    const role = options.role?.toLowerCase()
    const known = role === undefined ? undefined : MENU_ROLES[role]
    if (
      role !== undefined &&
      role !== 'quit' &&
      known === undefined &&
      options.label === undefined
    ) {
      throw new Error(`stand-in: the menu role ${role} is not supported`)
    }
    this.id = options.id
    this.role = role
    this.label = options.label ?? known?.label ?? (role === 'quit' ? 'Quit' : '')
    this.accelerator = options.accelerator ?? (role === 'quit' ? 'CmdOrCtrl+Q' : known?.accelerator)
    this.submenu = Array.isArray(options.submenu)
      ? Menu.buildFromTemplate(options.submenu)
      : (options.submenu as Menu | undefined)
    this.type = options.type ?? (this.submenu === undefined ? 'normal' : 'submenu')
    this.toolTip = options.toolTip ?? ''
    this.sublabel = options.sublabel ?? ''
    this.icon = options.icon
    this.registerAccelerator = options.registerAccelerator ?? true
    this.enabled = options.enabled ?? true
    this.visible = options.visible ?? true
    this.checked = options.checked ?? false
    this.#click = options.click
  }

  /** As Electron's: a disabled item does nothing. */
  readonly click = (event: object = {}, window?: BrowserWindow | null): void => {
    if (!this.enabled) return
    const target = window ?? BrowserWindow.getFocusedWindow()
    if (this.type === 'checkbox') this.checked = !this.checked
    if (this.#click !== undefined) {
      // The app's types are Electron's, this object stands in for them.
      const call = this.#click as (...args: unknown[]) => void
      call(this, target, event)
    } else if (this.role === 'quit') {
      app.quit()
    } else if (this.role !== undefined) {
      MENU_ROLES[this.role]?.run?.(target)
    }
  }
}
loudClass('MenuItem', MenuItem)

let applicationMenu: Menu | null = null

/** `Menu`. */
export class Menu extends EventEmitter {
  static setApplicationMenu(menu: Menu | null): void {
    applicationMenu = menu
    for (const window of BrowserWindow.getAllWindows()) offerAccelerators(window)
  }
  static getApplicationMenu(): Menu | null {
    return applicationMenu
  }
  static buildFromTemplate(template: readonly (MenuItemConstructorOptions | MenuItem)[]): Menu {
    const menu = new Menu()
    for (const item of template) {
      menu.append(item instanceof MenuItem ? item : new MenuItem(item))
    }
    return menu
  }

  readonly items: MenuItem[] = []

  append(item: MenuItem): void {
    this.items.push(item)
  }
  insert(position: number, item: MenuItem): void {
    this.items.splice(position, 0, item)
  }
  popup(_options?: object): void {
    this.emit('menu-will-show', {})
  }
  closePopup(): void {
    this.emit('menu-will-close', {})
  }
  getMenuItemById(id: string): MenuItem | null {
    for (const item of this.items) {
      const found = item.id === id ? item : item.submenu?.getMenuItemById(id)
      if (found) return found
    }
    return null
  }

  /** The stand-in's own: every item with keys that Chromium does not handle itself. */
  itemsWithKeys(): { item: MenuItem; keys: Accelerator }[] {
    return this.items.flatMap((item) => {
      const below = item.submenu?.itemsWithKeys() ?? []
      const isNative = item.role !== undefined && MENU_ROLES[item.role]?.isNative === true
      if (item.accelerator === undefined || isNative || !item.registerAccelerator) return below
      const keys = parseAccelerator(item.accelerator, process.platform)
      return [{ item, keys }, ...below]
    })
  }
}
loudClass('Menu', Menu)

function offerAccelerators(window: BrowserWindow): void {
  const entries = applicationMenu?.itemsWithKeys() ?? []
  window.webContents.setAccelerators(
    entries.map(({ keys }) => keys),
    (index) => entries[index]?.item.click({ triggeredByAccelerator: true }, window),
  )
}

windowEvents.on('created', (window) => offerAccelerators(window as BrowserWindow))
