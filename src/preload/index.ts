import { contextBridge, ipcRenderer } from 'electron'
import { makeBridge } from './bridge.ts'

// The only use of `ipcRenderer`; it stays on this side.
contextBridge.exposeInMainWorld('sotto', makeBridge(ipcRenderer))
