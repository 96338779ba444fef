import { ipcMain } from 'electron'
import type { Log } from '#core/ports.ts'
import { CALL_CHANNEL } from '#ipc/names.ts'
import { answerCall, refuse, type Answer } from './answer-call.ts'
import type { Handlers } from './handlers.ts'
import { trustedCaller, type SenderEvent } from './sender.ts'

interface GuardOptions {
  readonly handlers: Handlers
  readonly isOurWindow: (webContentsId: number) => boolean
  readonly log: Log
}

/**
 * The one way in: checks the sender before anything else. Never throws; an untrusted sender learns only
 * `FORBIDDEN`.
 */
export function guardCalls(options: GuardOptions) {
  return async (event: SenderEvent, name: unknown, input: unknown): Promise<Answer> => {
    const caller = trustedCaller(event, options.isOurWindow)
    if (caller === null) {
      options.log.warn('ipc-untrusted-sender')
      return refuse('FORBIDDEN')
    }
    return answerCall(options.handlers, options.log, name, input, caller)
  }
}

/** Starts answering. The only use of `ipcMain`. */
export function serveCalls(options: GuardOptions): void {
  ipcMain.handle(CALL_CHANNEL, guardCalls(options))
}
