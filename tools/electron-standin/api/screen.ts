import { EventEmitter } from 'node:events'
import { loudClass } from '../loud.ts'
import type { Bounds } from './window-options.ts'

/** The one display of a headless machine. */
const DISPLAY_SIZE = { width: 1920, height: 1080 }

interface Display {
  readonly id: number
  readonly label: string
  readonly bounds: Bounds
  readonly workArea: Bounds
  readonly size: typeof DISPLAY_SIZE
  readonly workAreaSize: typeof DISPLAY_SIZE
  readonly scaleFactor: number
  readonly rotation: number
  readonly internal: boolean
}

function display(): Display {
  const bounds = { x: 0, y: 0, ...DISPLAY_SIZE }
  return {
    id: 1,
    label: 'stand-in',
    bounds,
    workArea: bounds,
    size: DISPLAY_SIZE,
    workAreaSize: DISPLAY_SIZE,
    scaleFactor: 1,
    rotation: 0,
    internal: false,
  }
}

class Screen extends EventEmitter {
  getPrimaryDisplay(): Display {
    return display()
  }
  getAllDisplays(): Display[] {
    return [display()]
  }
  getDisplayMatching(_bounds: Bounds): Display {
    return display()
  }
  getDisplayNearestPoint(_point: { x: number; y: number }): Display {
    return display()
  }
  getCursorScreenPoint(): { x: number; y: number } {
    return { x: 0, y: 0 }
  }
}
loudClass('screen', Screen)

export const screen = new Screen()
