import { expect, test, vi } from 'vitest'
import { CALLS, EVENTS } from '#ipc/contract.ts'
import { CALL_NAMES, EVENT_NAMES } from '#ipc/names.ts'
import { makeBridge } from '../../../src/preload/bridge.ts'

type Listener = (event: unknown, ...values: unknown[]) => void

function makePage(invoke = vi.fn(async (): Promise<unknown> => ({ ok: true, value: 1 }))) {
  const listeners: Listener[] = []
  const on = vi.fn((_channel: string, listener: Listener) => listeners.push(listener))
  const bridge = makeBridge({ invoke, on }) as UntypedBridge
  const send = (...values: unknown[]): void => {
    for (const listener of listeners) listener({ sender: 'the event of Electron' }, ...values)
  }
  return { bridge, invoke, on, send }
}

/** The page is not typed at run time. */
interface UntypedBridge {
  call(name: unknown, input?: unknown): Promise<unknown>
  on(name: unknown, listener: (...values: unknown[]) => void): () => void
}

test('the names are those of the contract', () => {
  expect([...CALL_NAMES]).toEqual(Object.keys(CALLS))
  expect([...EVENT_NAMES]).toEqual(Object.keys(EVENTS))
})

test('the page gets two functions and nothing else', () => {
  expect(Object.keys(makePage().bridge).sort()).toEqual(['call', 'on'])
})

test('a call goes through the one channel', async () => {
  const { bridge, invoke } = makePage()
  expect(await bridge.call('settings.get')).toEqual({ ok: true, value: 1 })
  expect(invoke).toHaveBeenCalledExactlyOnceWith('sotto:call', 'settings.get', undefined)
})

test.each(['sotto:call', 'ELECTRON_BROWSER_REQUIRE', '__proto__', '', null, {}, ['settings.get']])(
  'the name %j does not leave the page',
  async (name) => {
    const { bridge, invoke } = makePage()
    const refused = { ok: false, error: { code: 'INVALID_INPUT' } }
    expect(await bridge.call(name)).toEqual(refused)
    expect(invoke).not.toHaveBeenCalled()
  },
)

test('a call never rejects', async () => {
  const throws = makePage(
    vi.fn(() => {
      throw new Error('An object could not be cloned.')
    }),
  )
  expect(await throws.bridge.call('settings.get', () => 1)).toEqual({
    ok: false,
    error: { code: 'INVALID_INPUT' },
  })
  const rejects = makePage(vi.fn(() => Promise.reject(new Error('gone'))))
  expect(await rejects.bridge.call('settings.get')).toEqual({
    ok: false,
    error: { code: 'INTERNAL' },
  })
})

test('listeners get the payload, without the event, until they stop', () => {
  const { bridge, on, send } = makePage()
  const listener = vi.fn()
  const other = vi.fn()
  const stop = bridge.on('menu.chosen', listener)
  bridge.on('link.opened', other)
  send('menu.chosen', { command: 'about' })
  stop()
  stop()
  send('menu.chosen', { command: 'search' })
  expect(listener.mock.calls).toEqual([[{ command: 'about' }]])
  expect(other).not.toHaveBeenCalled()
  expect(on).toHaveBeenCalledOnce()
  expect(on.mock.calls[0]?.[0]).toBe('sotto:event')
})

test('the same function added twice is two listeners', () => {
  const { bridge, send } = makePage()
  const listener = vi.fn()
  const stop = bridge.on('menu.chosen', listener)
  bridge.on('menu.chosen', listener)
  stop()
  send('menu.chosen', { command: 'about' })
  expect(listener).toHaveBeenCalledOnce()
})

test.each(['sotto:event', '__proto__', 'error', 7])('there is no event %j', (name) => {
  expect(() => makePage().bridge.on(name, () => undefined)).toThrow(TypeError)
})

test('a message without a name of ours is dropped', () => {
  const { send } = makePage()
  expect(() => send(null, {})).not.toThrow()
  expect(() => send('nothing.listens', {})).not.toThrow()
})
