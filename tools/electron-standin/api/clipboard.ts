import { loud } from '../loud.ts'
import { copied } from './copied.ts'
import { webContents } from './web-contents.ts'

/** `clipboard`, asynchronous as in Electron 45: text only, and of this instance only where Chromium is headless. */
export const clipboard = loud('clipboard', {
  readText: async (): Promise<string> => copied.text,
  writeText: async (text: string): Promise<void> => {
    copied.text = String(text)
    const [contents] = webContents.getAllWebContents()
    await contents?.host.callHook('copy', [copied.text])
  },
  clear: async (): Promise<void> => {
    copied.text = ''
  },
  has: async (mimeType: string): Promise<boolean> =>
    mimeType === 'text/plain' && copied.text !== '',
})
