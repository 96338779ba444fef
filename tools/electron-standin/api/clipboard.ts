import { loud } from '../loud.ts'
import { webContents } from './web-contents.ts'

let text = ''

/** The page copied something. */
export function clipboardCopied(copied: string): void {
  text = copied
}

/** `clipboard`, asynchronous as in Electron 45: text only, and of this instance only where Chromium is headless. */
export const clipboard = loud('clipboard', {
  readText: async (): Promise<string> => text,
  writeText: async (written: string): Promise<void> => {
    text = String(written)
    const [contents] = webContents.getAllWebContents()
    await contents?.host.callHook('copy', [text])
  },
  clear: async (): Promise<void> => {
    text = ''
  },
  has: async (mimeType: string): Promise<boolean> => mimeType === 'text/plain' && text !== '',
})
