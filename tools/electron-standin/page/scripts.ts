import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createCodec } from './codec.ts'
import { createBridge } from './context-bridge.ts'
import { createPreloadEnvironment } from './ipc-renderer.ts'
import { watchWindow } from './window-events.ts'

/** The isolated world's name in Chromium. */
export const ISOLATED_WORLD = 'Electron Isolated Context'
/** The one function through which that world reaches the stand-in; the page's own world does not have it. */
export const POST_BINDING = '__standinPost'
/** Where that world keeps what the stand-in calls. */
export const PAGE_HOOKS = '__standin'

const TOP_FRAME_ONLY = 'if (window.top !== window) return'

/** Scripts to run in each document before the page's own. */
export interface PageScripts {
  readonly mainWorld: string
  readonly isolatedWorld: string
}

/** Puts the page's two scripts together: the bridge's two ends, and the app's preload in its sandboxed world. */
export function composePageScripts(preloadPath: string | undefined): PageScripts {
  const secret = JSON.stringify(`${randomUUID()}:`)
  const preload = preloadPath === undefined ? '' : readFileSync(preloadPath, 'utf8')
  const { node, chrome, electron } = process.versions
  return {
    mainWorld: `(() => {
      ${TOP_FRAME_ONLY}
      ;(${String(createBridge)})('main', 'isolated', ${secret})
    })()`,
    isolatedWorld: `(() => {
      ${TOP_FRAME_ONLY}
      const send = globalThis.${POST_BINDING}
      const post = (message) => send(JSON.stringify(message))
      const codec = (${String(createCodec)})()
      const bridge = (${String(createBridge)})('isolated', 'main', ${secret})
      const environment = (${String(createPreloadEnvironment)})(
        post, codec, bridge, ${JSON.stringify(process.platform)}, ${JSON.stringify({ node, chrome, electron })})
      globalThis.${PAGE_HOOKS} = { ...environment.hooks, ...(${String(watchWindow)})(post) }
      const module = { exports: {} }
      ;(function (require, process, module, exports, global) {
${preload}
      })(environment.require, environment.process, module, module.exports, globalThis)
    })()`,
  }
}
