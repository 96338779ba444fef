import { app, dialog } from 'electron'
import type { FileLog } from './log.ts'
import type { ShellTexts } from './texts/shell-texts.ts'

/**
 * What happens when something breaks: it goes to the local log, without contents, and nowhere else. After a bug
 * in the main process nothing can be relied on, so the app ends; all that was acknowledged is in the store.
 */
export function guardAgainstCrashes(log: FileLog, texts: () => ShellTexts): void {
  let isEnding = false
  process.on('uncaughtException', (cause) => {
    log.error('uncaught-exception', cause)
    if (isEnding) return
    isEnding = true
    void log.flush().finally(() => {
      dialog.showErrorBox(texts().crashTitle, texts().crashText)
      app.exit(1)
    })
  })
  process.on('unhandledRejection', (cause) => log.error('unhandled-rejection', cause))
  app.on('child-process-gone', (_event, { type, reason, exitCode }) => {
    log.warn('child-process-gone', { type, reason, exitCode })
  })
}
