import { EventEmitter } from 'node:events'
import { codec } from '../codec.ts'
import { loud } from '../loud.ts'
import type { WebFrameMain } from './web-frame-main.ts'

type Handler = (event: object, ...args: unknown[]) => unknown
type Settle = (outcome: { value: string } | { error: string }) => void

interface Sender {
  readonly mainFrame: WebFrameMain
  send(channel: string, ...args: unknown[]): void
}

const handlers = new Map<string, Handler>()

class IpcMain extends EventEmitter {
  handle(channel: string, handler: Handler): void {
    if (handlers.has(channel)) {
      throw new Error(`Attempted to register a second handler for '${channel}'`)
    }
    if (typeof handler !== 'function') throw new Error(`Expected handler to be a function`)
    handlers.set(channel, handler)
  }

  handleOnce(channel: string, handler: Handler): void {
    this.handle(channel, (...args) => {
      handlers.delete(channel)
      return handler(...args)
    })
  }

  removeHandler(channel: string): void {
    handlers.delete(channel)
  }
}

export const ipcMain = loud('ipcMain', new IpcMain())

/** Hands a page's message to the app; `settle` carries the answer of an `invoke` back. */
export function dispatchIpc(
  sender: Sender,
  channel: string,
  args: readonly unknown[],
  settle?: Settle,
): void {
  const event = {
    type: 'frame',
    sender,
    senderFrame: sender.mainFrame,
    processId: sender.mainFrame.processId,
    frameId: sender.mainFrame.routingId,
    ports: [],
  }
  if (settle === undefined) {
    const reply = (to: string, ...values: unknown[]): void => sender.send(to, ...values)
    ipcMain.emit(channel, { ...event, reply }, ...args)
  } else {
    void answer(channel, event, args, settle)
  }
}

async function answer(
  channel: string,
  event: object,
  args: readonly unknown[],
  settle: Settle,
): Promise<void> {
  try {
    const handler = handlers.get(channel)
    if (handler === undefined) throw new Error(`No handler registered for '${channel}'`)
    settle({ value: codec.encode(await handler(event, ...args)) })
  } catch (error) {
    settle({ error: `Error invoking remote method '${channel}': ${String(error)}` })
  }
}
