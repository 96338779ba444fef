import { beforeEach, expect, test } from 'vitest'
import {
  closeAllOverlays,
  closeOverlay,
  openOverlay,
  useOverlays,
} from '../../../../src/renderer/state/overlays.ts'

const kinds = () => useOverlays.getState().stack.map(({ kind }) => kind)

beforeEach(closeAllOverlays)

test('overlays pile up, and the topmost closes first', () => {
  openOverlay({ kind: 'settings' })
  openOverlay({ kind: 'palette' })
  expect(kinds()).toEqual(['settings', 'palette'])
  closeOverlay()
  expect(kinds()).toEqual(['settings'])
})

test('one of a kind: the new one replaces the old', () => {
  openOverlay({ kind: 'verify', contactId: 1 })
  openOverlay({ kind: 'verify', contactId: 2 })
  expect(useOverlays.getState().stack).toEqual([{ kind: 'verify', contactId: 2 }])
})

test('a kind is closed wherever it lies', () => {
  openOverlay({ kind: 'settings' })
  openOverlay({ kind: 'palette' })
  closeOverlay('settings')
  expect(kinds()).toEqual(['palette'])
})
