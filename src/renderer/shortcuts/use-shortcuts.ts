import { useEffect } from 'react'
import { useIpcEvent } from '../ipc/use-ipc-event.ts'
import { useOverlays } from '../state/overlays.ts'
import { COMMANDS, commandOf, type CommandId } from './commands.ts'
import { matchesKeys, type KeyPress } from './keys.ts'
import { isMac } from './platform.ts'
import { runCommand } from './registry.ts'

/** The command of a key press, or `null`. */
export function commandOfPress(press: KeyPress, mac: boolean): CommandId | null {
  const command = COMMANDS.find(
    ({ keys, local }) => keys !== null && !local && matchesKeys(keys, press, mac),
  )
  return command?.id ?? null
}

function runUnlessCovered(id: CommandId): boolean {
  const covered = useOverlays.getState().stack.length > 0
  return (!covered || commandOf(id).overDialogs) && runCommand(id)
}

/** Sends key presses and menu entries to whatever answers their commands. Mounted once, in the main window. */
export function useShortcuts(): void {
  useEffect(() => {
    function onKeyDown(event: KeyboardEvent): void {
      if (event.defaultPrevented || event.isComposing) return
      const id = commandOfPress(event, isMac)
      if (id !== null && runUnlessCovered(id)) event.preventDefault()
    }
    window.addEventListener('keydown', onKeyDown)
    return () => window.removeEventListener('keydown', onKeyDown)
  }, [])

  useIpcEvent('menu.chosen', ({ command }) => void runUnlessCovered(command))
}
