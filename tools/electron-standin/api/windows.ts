import { EventEmitter } from 'node:events'

/** All windows that are open, oldest first. */
export const openWindows = new Set<object>()

/** What becomes of windows, for the app and its menu: each event carries the window. */
export const windowEvents = new EventEmitter<{
  created: [window: object]
  closed: [window: object]
  focus: [window: object]
  blur: [window: object]
}>()
