// What a desktop would show or answer. Nothing is shown: these keep what the app said, and emit what a test makes
// them emit.
import { spawn } from 'node:child_process'
import { EventEmitter } from 'node:events'
import { readFile, rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { NotificationConstructorOptions } from 'electron'
import { findProgram } from '../chromium-path.ts'
import { loud, loudClass, unsupported } from '../loud.ts'
import type { Menu } from './menu.ts'
import { nativeImage, type NativeImage } from './native-image.ts'
import { session } from './session.ts'

/** `Notification`. A test clicks it with `emit('click')`. */
export class Notification extends EventEmitter {
  static isSupported(): boolean {
    return true
  }

  title: string
  body: string
  readonly subtitle: string
  readonly silent: boolean
  readonly hasReply: boolean
  readonly urgency: string
  readonly timeoutType: string
  readonly actions: readonly object[]
  readonly icon: unknown
  readonly id: string | undefined
  readonly groupId: string | undefined

  constructor(options: NotificationConstructorOptions = {}) {
    super()
    this.title = options.title ?? ''
    this.body = options.body ?? ''
    this.subtitle = options.subtitle ?? ''
    this.silent = options.silent ?? false
    this.hasReply = options.hasReply ?? false
    this.urgency = options.urgency ?? 'normal'
    this.timeoutType = options.timeoutType ?? 'default'
    this.actions = options.actions ?? []
    this.icon = options.icon
    this.id = options.id
    this.groupId = options.groupId
  }

  show(): void {
    this.emit('show', {})
  }
  close(): void {
    this.emit('close', {})
  }
}
loudClass('Notification', Notification)

/** `Tray`. */
export class Tray extends EventEmitter {
  #isDestroyed = false
  #image: NativeImage
  #toolTip = ''
  #title = ''
  #menu: Menu | null = null

  constructor(image: NativeImage | string) {
    super()
    this.#image = typeof image === 'string' ? nativeImage.createFromPath(image) : image
  }

  setImage(image: NativeImage | string): void {
    this.#image = typeof image === 'string' ? nativeImage.createFromPath(image) : image
  }
  get image(): NativeImage {
    return this.#image
  }
  setToolTip(toolTip: string): void {
    this.#toolTip = toolTip
  }
  get toolTip(): string {
    return this.#toolTip
  }
  setTitle(title: string): void {
    this.#title = title
  }
  getTitle(): string {
    return this.#title
  }
  setContextMenu(menu: Menu | null): void {
    this.#menu = menu
  }
  popUpContextMenu(menu?: Menu): void {
    ;(menu ?? this.#menu)?.popup()
  }
  destroy(): void {
    this.#isDestroyed = true
  }
  isDestroyed(): boolean {
    return this.#isDestroyed
  }
}
loudClass('Tray', Tray)

/** `shell`. Only a desktop opens addresses; without one these fail as they would there. */
export const shell = loud('shell', {
  openExternal: (url: string): Promise<void> => openOnDesktop(url),
  openPath: (path: string): Promise<string> =>
    openOnDesktop(path).then(
      () => '',
      (error: unknown) => String(error),
    ),
  showItemInFolder: (path: string): void => {
    openOnDesktop(path).catch((error: unknown) => console.error(error))
  },
  trashItem: (path: string): Promise<void> => rm(path, { recursive: true }),
  beep: (): void => void process.stderr.write('\u0007'),
})

async function openOnDesktop(what: string): Promise<void> {
  const program = findProgram(['xdg-open'])
  if (program === undefined || !process.env['DISPLAY']) {
    throw new Error('stand-in: there is no desktop to open this with')
  }
  spawn(program, [what], { stdio: 'ignore', detached: true }).unref()
}

export const powerMonitor = loud(
  'powerMonitor',
  Object.assign(new EventEmitter(), {
    onBatteryPower: false,
    getSystemIdleTime: (): number => 0,
    getSystemIdleState: (_thresholdS: number): string => 'active',
    getCurrentThermalState: (): string => 'unknown',
    isOnBatteryPower: (): boolean => false,
  }),
)

let lastBlocker = 0
const blockers = new Set<number>()

export const powerSaveBlocker = loud('powerSaveBlocker', {
  start: (_type: string): number => {
    blockers.add(++lastBlocker)
    return lastBlocker
  },
  stop: (id: number): boolean => blockers.delete(id),
  isStarted: (id: number): boolean => blockers.has(id),
})

/** `safeStorage` of a machine without a keychain. */
export const safeStorage = loud('safeStorage', {
  isEncryptionAvailable: (): boolean => false,
  isAsyncEncryptionAvailable: async (): Promise<boolean> => false,
  getSelectedStorageBackend: (): string => 'basic_text',
})

export const crashReporter = loud('crashReporter', {
  start: (_options: object): void => {
    // Crashes are not reported.
  },
  getUploadToServer: (): boolean => false,
})

/** `net`: requests of the main process, through Node. */
export const net = loud('net', {
  fetch: async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const url = input instanceof Request ? input.url : String(input)
    if (!url.startsWith('file:')) return fetch(input, init)
    return new Response(new Uint8Array(await readFile(fileURLToPath(url))))
  },
  isOnline: (): boolean => true,
  online: true,
  resolveHost: unsupported('net.resolveHost'),
})

/** `systemPreferences` of Linux. */
export const systemPreferences = loud(
  'systemPreferences',
  Object.assign(new EventEmitter(), {
    getAnimationSettings: () => ({
      shouldRenderRichAnimation: true,
      scrollAnimationsEnabledBySystem: true,
      prefersReducedMotion: false,
    }),
  }),
)

/** `protocol` of the default session. */
export const protocol = session.defaultSession.protocol
