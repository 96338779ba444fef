import { expect, test } from 'vitest'
import { isTrayThere } from '../../../src/main/tray-presence.ts'

test('macOS and Windows have a tray', async () => {
  expect(await isTrayThere('darwin', {})).toBe(true)
  expect(await isTrayThere('win32', {})).toBe(true)
})

test.each([{}, { DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nonexistent/bus' }])(
  'Linux has none where nobody can be asked (%j)',
  async (env) => {
    expect(await isTrayThere('linux', env)).toBe(false)
  },
)
