import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { MailboxId } from './storage.ts'

interface RunningPoll {
  readonly socket: Socket
  /** Resolves when its answer has been sent, or its connection has ended. */
  readonly ended: Promise<void>
}

/**
 * Lets one long poll read at a time, of each device and on each connection: whoever asks many times and never reads has
 * one answer in memory. On a new connection a device takes over from its old one, as with streams.
 */
export class Polls {
  readonly #byMailbox = new Map<MailboxId, RunningPoll>()
  readonly #bySocket = new WeakMap<Socket, RunningPoll>()

  /** @returns when it is this poll's turn; false where its connection has ended by then. */
  async begin(mailbox: MailboxId, socket: Socket, response: ServerResponse): Promise<boolean> {
    for (;;) {
      if (socket.destroyed) return false
      const ofDevice = this.#byMailbox.get(mailbox)
      if (ofDevice !== undefined && ofDevice.socket !== socket) ofDevice.socket.destroy()
      const before = this.#bySocket.get(socket) ?? ofDevice
      if (before === undefined) break
      await before.ended
    }
    const ended = new Promise<void>((resolve) => {
      response.once('close', () => {
        this.#bySocket.delete(socket)
        if (this.#byMailbox.get(mailbox) === poll) this.#byMailbox.delete(mailbox)
        resolve()
      })
    })
    const poll: RunningPoll = { socket, ended }
    this.#byMailbox.set(mailbox, poll)
    this.#bySocket.set(socket, poll)
    return true
  }
}
