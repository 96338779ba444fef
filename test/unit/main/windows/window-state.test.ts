import * as fc from 'fast-check'
import * as v from 'valibot'
import { expect, test } from 'vitest'
import {
  MIN_WINDOW_HEIGHT,
  MIN_WINDOW_WIDTH,
  placeWindow,
  WindowState,
} from '../../../../src/main/windows/window-state.ts'

const primary = { x: 0, y: 0, width: 1920, height: 1040 }
const second = { x: 1920, y: -200, width: 1280, height: 1000 }
const left = (bounds: WindowState['bounds']): WindowState => ({
  bounds,
  maximised: false,
  zoomFactor: 1,
})

test('the first window has a comfortable size and is placed by the system', () => {
  expect(placeWindow(null, [primary])).toEqual({
    bounds: { width: 1180, height: 780 },
    maximised: false,
    zoomFactor: 1,
  })
})

test('a window comes back where it was, on any display', () => {
  const bounds = { x: 2000, y: -100, width: 800, height: 600 }
  const state = { bounds, maximised: true, zoomFactor: 1.5 }
  expect(placeWindow(state, [primary, second])).toEqual(state)
})

test.each([
  ['on a display that is gone', { x: 2000, y: 0, width: 800, height: 600 }],
  ['with its title above the screen', { x: 100, y: -300, width: 800, height: 600 }],
  ['below the screen', { x: 100, y: 1035, width: 800, height: 600 }],
  ['almost beside the screen', { x: 1900, y: 100, width: 800, height: 600 }],
  ['beyond the left edge', { x: -750, y: 100, width: 800, height: 600 }],
])('a window %s is placed by the system in its size', (_where, bounds) => {
  expect(placeWindow(left(bounds), [primary]).bounds).toEqual({ width: 800, height: 600 })
})

test('a window larger than its display shrinks', () => {
  const { bounds } = placeWindow(left({ x: 0, y: 0, width: 5000, height: 4000 }), [primary])
  expect(bounds).toEqual({ x: 0, y: 0, width: 1920, height: 1040 })
})

test('whatever was left, a window opens at a usable size, and with a position only where its title shows', () => {
  const numbers = fc.integer({ min: -100_000, max: 100_000 })
  const rectangles = fc.record({ x: numbers, y: numbers, width: numbers, height: numbers })
  fc.assert(
    fc.property(rectangles, (bounds) => {
      const placed = placeWindow(left(bounds), [primary, second]).bounds
      expect(placed.width).toBeGreaterThanOrEqual(MIN_WINDOW_WIDTH)
      expect(placed.height).toBeGreaterThanOrEqual(MIN_WINDOW_HEIGHT)
      if (placed.x !== undefined && placed.y !== undefined) {
        expect(placed.y).toBeGreaterThanOrEqual(-200)
        expect(placed.x).toBeLessThan(primary.width + second.width)
      }
    }),
  )
})

test.each([
  [{ bounds: { x: 0.5, y: 0, width: 1, height: 1 }, maximised: false, zoomFactor: 1 }],
  [{ bounds: { x: 0, y: 0, width: 1, height: 1 }, maximised: false, zoomFactor: 40 }],
  [{ bounds: { x: 0, y: 0, width: 1 }, maximised: false, zoomFactor: 1 }],
  [{ maximised: true, zoomFactor: 1 }],
  [null],
])('%j is not a window state', (value) => {
  expect(v.is(WindowState, value)).toBe(false)
})
