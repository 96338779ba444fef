import { Menu, type MenuItemConstructorOptions } from 'electron'
import type { MenuCommand } from '#ipc/contract.ts'
import type { ShellTexts } from './texts/shell-texts.ts'

interface MenuActions {
  readonly choose: (command: MenuCommand) => void
  readonly zoom: (direction: -1 | 0 | 1) => void
  readonly closeWindow: () => void
}

interface MenuOptions {
  readonly texts: ShellTexts
  readonly isMac: boolean
  readonly withDeveloperTools: boolean
}

/** Replaces the application's menu, for example after a change of the language. */
export function setMenu(options: MenuOptions, actions: MenuActions): void {
  Menu.setApplicationMenu(Menu.buildFromTemplate(menuTemplate(options, actions)))
}

/** The menu: commands go to the page, editing is the platform's own. */
export function menuTemplate(
  { texts, isMac, withDeveloperTools }: MenuOptions,
  { choose, zoom, closeWindow }: MenuActions,
): MenuItemConstructorOptions[] {
  const command = (label: string, name: MenuCommand, accelerator?: string) => ({
    label,
    click: () => choose(name),
    ...(accelerator === undefined ? {} : { accelerator }),
  })
  const separator = { type: 'separator' } as const
  const settings = command(texts.settings, 'settings', 'CmdOrCtrl+,')
  const about = command(texts.about, 'about')

  const appMenu: MenuItemConstructorOptions = {
    label: texts.app,
    submenu: [
      about,
      separator,
      settings,
      separator,
      { role: 'services' },
      separator,
      { role: 'hide' },
      { role: 'hideOthers' },
      { role: 'unhide' },
      separator,
      { role: 'quit', label: texts.quit },
    ],
  }
  const fileMenu: MenuItemConstructorOptions = {
    label: texts.menuFile,
    submenu: [
      command(texts.newConversation, 'new-conversation', 'CmdOrCtrl+N'),
      ...(isMac ? [] : [separator, settings]),
      separator,
      { label: texts.closeWindow, accelerator: 'CmdOrCtrl+W', click: closeWindow },
      ...(isMac ? [] : [{ role: 'quit', label: texts.quit, accelerator: 'Ctrl+Q' } as const]),
    ],
  }
  const editMenu: MenuItemConstructorOptions = {
    label: texts.menuEdit,
    submenu: [
      { role: 'undo', label: texts.undo },
      { role: 'redo', label: texts.redo },
      separator,
      { role: 'cut', label: texts.cut },
      { role: 'copy', label: texts.copy },
      { role: 'paste', label: texts.paste },
      { role: 'pasteAndMatchStyle', label: texts.pasteAsText },
      { role: 'selectAll', label: texts.selectAll },
      separator,
      command(texts.search, 'search', 'CmdOrCtrl+F'),
      command(texts.searchInConversation, 'search-in-conversation', 'CmdOrCtrl+Shift+F'),
    ],
  }
  const viewMenu: MenuItemConstructorOptions = {
    label: texts.menuView,
    submenu: [
      command(texts.palette, 'palette', 'CmdOrCtrl+K'),
      command(texts.toggleDetails, 'toggle-details'),
      separator,
      { label: texts.zoomIn, accelerator: 'CmdOrCtrl+Plus', click: () => zoom(1) },
      { label: texts.zoomOut, accelerator: 'CmdOrCtrl+-', click: () => zoom(-1) },
      { label: texts.actualSize, accelerator: 'CmdOrCtrl+0', click: () => zoom(0) },
      separator,
      { role: 'togglefullscreen', label: texts.fullScreen },
      ...(withDeveloperTools
        ? [{ role: 'toggleDevTools', label: texts.developerTools } as const]
        : []),
    ],
  }
  const conversationMenu: MenuItemConstructorOptions = {
    label: texts.menuConversation,
    submenu: [
      command(texts.nextConversation, 'next-conversation', 'Alt+Down'),
      command(texts.previousConversation, 'previous-conversation', 'Alt+Up'),
      separator,
      command(texts.archive, 'archive', 'CmdOrCtrl+Shift+A'),
    ],
  }
  const windowMenu: MenuItemConstructorOptions = { role: 'windowMenu', label: texts.menuWindow }
  const helpMenu: MenuItemConstructorOptions = {
    role: 'help',
    label: texts.menuHelp,
    submenu: [
      command(texts.shortcuts, 'shortcuts', 'CmdOrCtrl+/'),
      ...(isMac ? [] : [separator, about]),
    ],
  }
  return [
    ...(isMac ? [appMenu] : []),
    fileMenu,
    editMenu,
    viewMenu,
    conversationMenu,
    ...(isMac ? [windowMenu] : []),
    helpMenu,
  ]
}
