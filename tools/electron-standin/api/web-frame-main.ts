import { loudClass } from '../loud.ts'
import { originOf } from '../addresses.ts'

interface FrameOwner {
  readonly id: number
  getURL(): string
  isDestroyed(): boolean
  send(channel: string, ...args: unknown[]): void
}

/** The main frame of a page: the only frame with a preload script, so the only sender of messages. */
export class WebFrameMain {
  readonly #contents: FrameOwner
  readonly parent = null
  readonly frames: readonly WebFrameMain[] = []
  readonly name = ''
  readonly detached = false
  readonly routingId = 1

  constructor(contents: FrameOwner) {
    this.#contents = contents
  }

  get top(): WebFrameMain {
    return this
  }
  get url(): string {
    return this.#contents.getURL()
  }
  get origin(): string {
    return originOf(this.url)
  }
  get processId(): number {
    return this.#contents.id
  }
  get frameTreeNodeId(): number {
    return this.#contents.id
  }
  isDestroyed(): boolean {
    return this.#contents.isDestroyed()
  }
  send(channel: string, ...args: unknown[]): void {
    this.#contents.send(channel, ...args)
  }
}
loudClass('webFrameMain', WebFrameMain)
