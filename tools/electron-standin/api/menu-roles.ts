import type { BrowserWindow } from './browser-window.ts'

interface Role {
  readonly label: string
  readonly accelerator?: string
  /** Chromium does it itself when the keys are pressed in a page. */
  readonly isNative?: boolean
  run?(window: BrowserWindow | null): void
}

const ZOOM_LEVEL_STEP = 0.5

function zoom(by: number): (window: BrowserWindow | null) => void {
  return (window) => {
    if (window !== null) window.webContents.zoomLevel += by
  }
}

/** What the roles of menu items do, by their names in lower case; roles of other systems have no entry. */
export const MENU_ROLES: Readonly<Record<string, Role>> = {
  undo: { label: 'Undo', isNative: true, run: (window) => window?.webContents.undo() },
  redo: { label: 'Redo', isNative: true, run: (window) => window?.webContents.redo() },
  cut: { label: 'Cut', isNative: true, run: (window) => window?.webContents.cut() },
  copy: { label: 'Copy', isNative: true, run: (window) => window?.webContents.copy() },
  paste: { label: 'Paste', isNative: true, run: (window) => window?.webContents.paste() },
  pasteandmatchstyle: { label: 'Paste and Match Style', isNative: true },
  delete: { label: 'Delete', isNative: true, run: (window) => window?.webContents.delete() },
  selectall: {
    label: 'Select All',
    isNative: true,
    run: (window) => window?.webContents.selectAll(),
  },
  reload: { label: 'Reload', accelerator: 'CmdOrCtrl+R', run: (window) => window?.reload() },
  forcereload: {
    label: 'Force Reload',
    accelerator: 'CmdOrCtrl+Shift+R',
    run: (window) => window?.reload(),
  },
  toggledevtools: {
    label: 'Toggle Developer Tools',
    run: (window) => window?.webContents.toggleDevTools(),
  },
  resetzoom: {
    label: 'Actual Size',
    accelerator: 'CmdOrCtrl+0',
    run: (window) => window?.webContents.setZoomLevel(0),
  },
  zoomin: { label: 'Zoom In', accelerator: 'CmdOrCtrl+Plus', run: zoom(ZOOM_LEVEL_STEP) },
  zoomout: { label: 'Zoom Out', accelerator: 'CmdOrCtrl+-', run: zoom(-ZOOM_LEVEL_STEP) },
  togglefullscreen: {
    label: 'Toggle Full Screen',
    accelerator: 'F11',
    run: (window) => window?.setFullScreen(!window.isFullScreen()),
  },
  minimize: {
    label: 'Minimize',
    accelerator: 'CmdOrCtrl+M',
    run: (window) => window?.minimize(),
  },
  close: { label: 'Close', accelerator: 'CmdOrCtrl+W', run: (window) => window?.close() },
  help: { label: 'Help' },
  about: { label: 'About' },
  window: { label: 'Window' },
  editmenu: { label: 'Edit' },
  viewmenu: { label: 'View' },
  filemenu: { label: 'File' },
  windowmenu: { label: 'Window' },
  appmenu: { label: 'App' },
}
