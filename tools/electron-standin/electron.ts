// The module that takes the place of `electron` in the main process.
import { app } from './api/app.ts'
import { BrowserWindow } from './api/browser-window.ts'
import { clipboard } from './api/clipboard.ts'
import {
  crashReporter,
  net,
  Notification,
  powerMonitor,
  powerSaveBlocker,
  protocol,
  safeStorage,
  shell,
  systemPreferences,
  Tray,
} from './api/desktop.ts'
import { dialog } from './api/dialog.ts'
import { ipcMain } from './api/ipc-main.ts'
import { Menu, MenuItem } from './api/menu.ts'
import { nativeImage } from './api/native-image.ts'
import { nativeTheme } from './api/native-theme.ts'
import { screen } from './api/screen.ts'
import { session } from './api/session.ts'
import { utilityProcess } from './api/utility-process.ts'
import { webContents } from './api/web-contents.ts'
import { WebFrameMain } from './api/web-frame-main.ts'
import { loud, unsupported } from './loud.ts'

const autoUpdater = unsupported('autoUpdater')
const contentTracing = unsupported('contentTracing')
const desktopCapturer = unsupported('desktopCapturer')
const globalShortcut = unsupported('globalShortcut')
const netLog = unsupported('netLog')

const electron = loud('electron', {
  app,
  autoUpdater,
  BrowserWindow,
  clipboard,
  contentTracing,
  crashReporter,
  desktopCapturer,
  dialog,
  globalShortcut,
  ipcMain,
  Menu,
  MenuItem,
  nativeImage,
  nativeTheme,
  net,
  netLog,
  Notification,
  powerMonitor,
  powerSaveBlocker,
  protocol,
  safeStorage,
  screen,
  session,
  shell,
  systemPreferences,
  Tray,
  utilityProcess,
  webContents,
  webFrameMain: WebFrameMain,
})

export {
  app,
  autoUpdater,
  BrowserWindow,
  clipboard,
  contentTracing,
  crashReporter,
  desktopCapturer,
  dialog,
  globalShortcut,
  ipcMain,
  Menu,
  MenuItem,
  nativeImage,
  nativeTheme,
  net,
  netLog,
  Notification,
  powerMonitor,
  powerSaveBlocker,
  protocol,
  safeStorage,
  screen,
  session,
  shell,
  systemPreferences,
  Tray,
  utilityProcess,
  webContents,
  WebFrameMain as webFrameMain,
  // oxlint-disable-next-line import/no-default-export -- Electron has it, too.
  electron as default,
  // What `require('electron')` gives.
  electron as 'module.exports',
}
