import { EventEmitter } from 'node:events'
import { loudClass } from '../loud.ts'
import { Protocol } from './protocol.ts'
import { WebRequest } from './web-request.ts'

type RequestHandler = (
  contents: object,
  permission: string,
  callback: (granted: boolean) => void,
  details: {
    readonly requestingUrl: string
    readonly isMainFrame: boolean
    readonly mediaTypes?: readonly string[]
  },
) => void
type CheckHandler = (
  contents: object,
  permission: string,
  origin: string,
  details: {
    readonly requestingUrl: string
    readonly isMainFrame: boolean
    readonly mediaType?: string
  },
) => boolean

/** `session`: what the windows of one partition share. All partitions are in memory and share one Chromium. */
export class Session extends EventEmitter {
  readonly protocol = new Protocol()
  readonly webRequest = new WebRequest()
  readonly storagePath = null
  #requestHandler: RequestHandler | null = null
  #checkHandler: CheckHandler | null = null
  #spellCheckerLanguages: string[] = []
  #isSpellCheckerEnabled = true

  setPermissionRequestHandler(handler: RequestHandler | null): void {
    this.#requestHandler = handler
  }

  setPermissionCheckHandler(handler: CheckHandler | null): void {
    this.#checkHandler = handler
  }

  setDevicePermissionHandler(_handler: unknown): void {
    // No device can be chosen here.
  }

  setDisplayMediaRequestHandler(_handler: unknown): void {
    // Chromium refuses screen capture without a chooser.
  }

  setSpellCheckerLanguages(languages: string[]): void {
    this.#spellCheckerLanguages = [...languages]
  }

  getSpellCheckerLanguages(): string[] {
    return [...this.#spellCheckerLanguages]
  }

  get availableSpellCheckerLanguages(): string[] {
    return []
  }

  setSpellCheckerEnabled(enabled: boolean): void {
    this.#isSpellCheckerEnabled = enabled
  }

  isSpellCheckerEnabled(): boolean {
    return this.#isSpellCheckerEnabled
  }

  isPersistent(): boolean {
    return false
  }

  async setProxy(_config: object): Promise<void> {
    // Pages reach the app's own scheme only; there is nothing to send through a proxy.
  }

  async resolveProxy(_url: string): Promise<string> {
    return 'DIRECT'
  }

  async clearStorageData(_options?: object): Promise<void> {
    // The storage is in memory and empty at every start.
  }

  async clearCache(): Promise<void> {
    // Answers of the app's own scheme are not cached.
  }

  flushStorageData(): void {
    // Nothing outlives the process.
  }

  /**
   * The stand-in's own: whether the app grants a permission to a page. Electron grants what no handler refuses.
   */
  static async grants(
    of: Session,
    contents: object,
    asked: {
      readonly permission: string
      readonly media: 'video' | 'audio' | undefined
      readonly url: string
      readonly origin: string
    },
  ): Promise<boolean> {
    const { permission, media, url, origin } = asked
    const details = { requestingUrl: url, isMainFrame: true }
    const checked = media === undefined ? details : { ...details, mediaType: media }
    if (of.#checkHandler !== null && !of.#checkHandler(contents, permission, origin, checked)) {
      return false
    }
    const handler = of.#requestHandler
    if (handler === null) return true
    const requested = media === undefined ? details : { ...details, mediaTypes: [media] }
    return new Promise((resolve) => handler(contents, permission, resolve, requested))
  }
}
loudClass('session', Session)

const partitions = new Map<string, Session>()
const defaultSession = new Session()

export const session = {
  defaultSession,
  fromPartition(partition: string): Session {
    if (partition === '') return defaultSession
    let found = partitions.get(partition)
    if (found === undefined) {
      found = new Session()
      partitions.set(partition, found)
    }
    return found
  },
}
