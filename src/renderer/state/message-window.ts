import type { MessageView } from '#ipc/views.ts'

/** No more messages than this stay loaded in one thread: the far end makes way. */
export const MAX_LOADED = 600

interface Window {
  readonly messages: readonly MessageView[]
  readonly hasOlder: boolean
  readonly hasNewer: boolean
}

/** Adds a page of older messages at the start. */
export function prependPage<T extends Window>(window: T, page: Window): T {
  const first = window.messages[0]?.seq ?? Number.POSITIVE_INFINITY
  const older = page.messages.filter(({ seq }) => seq < first)
  return { ...window, messages: [...older, ...window.messages], hasOlder: page.hasOlder }
}

/** Adds a page of newer messages at the end. */
export function appendPage<T extends Window>(window: T, page: Window): T {
  const last = window.messages.at(-1)?.seq ?? 0
  const newer = page.messages.filter(({ seq }) => seq > last)
  return { ...window, messages: [...window.messages, ...newer], hasNewer: page.hasNewer }
}

/**
 * Takes away what is too much at one end. A step of its own after a page was added at the other end, so that
 * the list can hold its place through both.
 */
export function trim<T extends Window>(window: T, end: 'start' | 'end'): T {
  const surplus = window.messages.length - MAX_LOADED
  if (surplus <= 0) return window
  return end === 'start'
    ? { ...window, messages: window.messages.slice(surplus), hasOlder: true }
    : { ...window, messages: window.messages.slice(0, MAX_LOADED), hasNewer: true }
}

/** Takes in messages that were just added; where the end is not loaded, they only wait there. */
export function takeInAdded<T extends Window>(window: T, added: readonly MessageView[]): T {
  if (window.hasNewer) return window
  const known = new Set(window.messages.map(({ seq }) => seq))
  const fresh = added.filter(({ seq }) => !known.has(seq))
  if (fresh.length === 0) return mergeChanged(window, added)
  const messages = [...mergeChanged(window, added).messages, ...fresh]
  messages.sort((a, b) => a.seq - b.seq)
  return { ...window, messages }
}

/** Replaces the rows that are loaded. */
export function mergeChanged<T extends Window>(window: T, changed: readonly MessageView[]): T {
  const bySeq = new Map(changed.map((message) => [message.seq, message]))
  let touched = false
  const messages = window.messages.map((message) => {
    const next = bySeq.get(message.seq)
    if (next === undefined) return message
    touched = true
    return next
  })
  return touched ? { ...window, messages } : window
}

/** Takes one message away, or (`null`) all of them. */
export function dropMessages<T extends Window>(window: T, seq: number | null): T {
  if (seq === null) return { ...window, messages: [], hasOlder: false, hasNewer: false }
  const messages = window.messages.filter((message) => message.seq !== seq)
  return messages.length === window.messages.length ? window : { ...window, messages }
}

/** The first of the last `count` incoming messages; `null` where there is none or it is not loaded. */
export function unreadStart(messages: readonly MessageView[], count: number): number | null {
  let left = count
  if (left === 0) return null
  for (let index = messages.length - 1; index >= 0; index -= 1) {
    const message = messages[index]
    if (message === undefined || message.author === 'me' || message.kind === 'notice') continue
    left -= 1
    if (left === 0) return message.seq
  }
  return null
}
