import { EventEmitter } from 'node:events'
import type { CdpSession, Protocol } from './cdp.ts'
import type { FromPage, PageHooks } from './page/messages.ts'
import { composePageScripts, ISOLATED_WORLD, PAGE_HOOKS, POST_BINDING } from './page/scripts.ts'
import type { HeldPage, Targets } from './targets.ts'

/** Answers a request that the page makes. */
export type RequestHandler = (
  request: Protocol.Events['Fetch.requestPaused'],
  page: PageHost,
) => Promise<void>

interface PageHostEvents {
  /** A message from the isolated world; `context` names the document that sent it. */
  message: [message: FromPage, context: number]
  title: [title: string]
  /** A new document has its scripts. */
  document: []
  opened: [page: HeldPage]
  destroyed: []
}

/** One page of Chromium with Electron's two script worlds in it. Commands wait until it is set up. */
export class PageHost extends EventEmitter<PageHostEvents> {
  readonly #targets: Targets
  readonly #ready: Promise<HeldPage>
  #targetId = ''
  #context: number | undefined

  constructor(
    targets: Targets,
    preloadPath: string | undefined,
    size: { readonly width: number; readonly height: number },
    onRequest: RequestHandler,
    prepare: (session: CdpSession) => Promise<void>,
  ) {
    super()
    this.#targets = targets
    this.#ready = this.#open(preloadPath, size, onRequest, prepare)
    this.#ready.catch((error: unknown) => console.error('stand-in: no page:', error))
  }

  /** Empty until the page is there. */
  get targetId(): string {
    return this.#targetId
  }

  get context(): number | undefined {
    return this.#context
  }

  async #open(
    preloadPath: string | undefined,
    { width, height }: { readonly width: number; readonly height: number },
    onRequest: RequestHandler,
    prepare: (session: CdpSession) => Promise<void>,
  ): Promise<HeldPage> {
    const scripts = composePageScripts(preloadPath)
    const page = await this.#targets.open(width, height, {
      onTitle: (title) => this.emit('title', title),
      onDestroyed: () => this.emit('destroyed'),
      onOpened: (opened) => this.emit('opened', opened),
    })
    const { session, targetId } = page
    this.#targetId = targetId
    session.on('Runtime.executionContextCreated', ({ context }) => {
      const frameId: unknown = context.auxData?.['frameId']
      if (context.name !== ISOLATED_WORLD || frameId !== targetId) return
      this.#context = context.id
      this.emit('document')
    })
    session.on('Runtime.executionContextsCleared', () => (this.#context = undefined))
    session.on('Runtime.bindingCalled', ({ name, payload, executionContextId }) => {
      if (name !== POST_BINDING) return
      this.emit('message', JSON.parse(payload) as FromPage, executionContextId)
    })
    session.on('Fetch.requestPaused', (request) => {
      onRequest(request, this).catch((error: unknown) => {
        if (this.listenerCount('destroyed') > 0) console.error('stand-in: request:', error)
      })
    })
    await Promise.all([
      session.send('Page.enable'),
      session.send('Runtime.enable'),
      session.send('Fetch.enable', { patterns: [{ urlPattern: '*' }] }),
      session.send('Runtime.addBinding', {
        name: POST_BINDING,
        executionContextName: ISOLATED_WORLD,
      }),
      session.send('Page.addScriptToEvaluateOnNewDocument', { source: scripts.mainWorld }),
      session.send('Page.addScriptToEvaluateOnNewDocument', {
        source: scripts.isolatedWorld,
        worldName: ISOLATED_WORLD,
      }),
      prepare(session),
    ])
    await session.send('Runtime.runIfWaitingForDebugger')
    return page
  }

  /** The page's session, once it is set up. */
  async session(): Promise<CdpSession> {
    return (await this.#ready).session
  }

  /** Runs one of the page's hooks in its isolated world; `context` must still be the page's document. */
  async callHook<Name extends keyof PageHooks>(
    name: Name,
    args: Parameters<PageHooks[Name]>,
    context = this.#context,
  ): Promise<void> {
    if (context === undefined || context !== this.#context) return
    const values = args.map((arg) => JSON.stringify(arg)).join(', ')
    try {
      const session = await this.session()
      const { exceptionDetails } = await session.send('Runtime.evaluate', {
        expression: `${PAGE_HOOKS}.${name}(${values})`,
        contextId: context,
        userGesture: name === 'copy',
      })
      if (exceptionDetails !== undefined) {
        console.error('stand-in: in the page:', exceptionDetails.exception?.description)
      }
    } catch {
      // The document has gone meanwhile, and its listeners with it.
    }
  }

  /** Evaluates an expression in the page's own world. */
  async evaluate(expression: string): Promise<unknown> {
    const session = await this.session()
    const { result, exceptionDetails } = await session.send('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
    })
    if (exceptionDetails !== undefined) {
      throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text)
    }
    return result.value as unknown
  }

  async close(): Promise<void> {
    const { targetId } = await this.#ready
    await this.#targets.close(targetId).catch(() => undefined)
  }
}
