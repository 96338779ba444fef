import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { app, BrowserWindow } from 'electron'
import { randomBytes } from '#crypto/primitives.ts'
import { runSelfTest } from '#crypto/self-test.ts'
import { createStore } from '#store/store.ts'

const PAGE_TIMEOUT_MS = 30_000
const ASK_AGAIN_MS = 100

/**
 * Checks what packaging can break and no other test sees: cryptography under this runtime, the two native
 * modules, and the page with its bridge. Prints one JSON line and ends with 0 where all is well.
 */
export async function runSmokeTest(): Promise<void> {
  const checks: Record<string, string> = {}
  const check = async (name: string, work: () => unknown): Promise<void> => {
    try {
      await work()
      checks[name] = 'ok'
    } catch (cause) {
      checks[name] = cause instanceof Error ? `${cause.name}: ${cause.message}` : 'failed'
    }
  }
  await check('cryptography', runSelfTest)
  await check('store', openAndCloseStore)
  await check('keychain', () => import('keytar'))
  await check('page', pageAnswers)
  const passed = Object.values(checks).every((outcome) => outcome === 'ok')
  process.stdout.write(
    `${JSON.stringify({ passed, checks, electron: process.versions['electron'] })}\n`,
  )
  app.exit(passed ? 0 : 1)
}

async function openAndCloseStore(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'sotto-smoke-store-'))
  try {
    const created = createStore({ path: join(folder, 'store.db'), key: randomBytes(32) })
    if (!created.ok) throw new Error(created.error.code)
    created.value.close()
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** The page has loaded, its bridge is there, and the main process takes its calls. */
async function pageAnswers(): Promise<void> {
  const deadlineMs = Date.now() + PAGE_TIMEOUT_MS
  const question =
    "window.sotto?.call('app.getState').then((outcome) => outcome.ok && outcome.value.phase)"
  for (;;) {
    const contents = BrowserWindow.getAllWindows()[0]?.webContents
    const phase: unknown = await contents?.executeJavaScript(question).catch(() => undefined)
    if (phase === 'first-run') return
    if (Date.now() > deadlineMs) throw new Error(`the page says ${String(phase)}`)
    await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS))
  }
}
