import { useEffect } from 'react'
import { useIpcEvent } from '../ipc/use-ipc-event.ts'
import { useOverlays } from '../state/overlays.ts'
import { isAsking } from '../ui/confirm.tsx'
import { isMac } from '../ui/key-labels.ts'
import { COMMANDS, type Command, type CommandId } from './commands.ts'
import { matchesKeys, type KeyPress } from './keys.ts'
import { runCommand } from './registry.ts'

function commandOfPress(press: KeyPress, mac: boolean): Command | undefined {
  return COMMANDS.find(
    ({ combination, local }) =>
      combination !== null && !local && matchesKeys(combination, press, mac),
  )
}

function runUnlessCovered(command: Command | undefined): boolean {
  if (command === undefined) return false
  const covered = useOverlays.getState().stack.length > 0 || isAsking()
  return (!covered || command.overDialogs) && runCommand(command.id)
}

function commandOf(id: CommandId): Command | undefined {
  return COMMANDS.find((command) => command.id === id)
}

/** Sends key presses and menu entries to whatever answers their commands. Mounted once, in the main window. */
export function useShortcuts(): void {
  useEffect(() => {
    function onKeyDown(event: KeyboardEvent): void {
      if (event.defaultPrevented || event.isComposing) return
      if (runUnlessCovered(commandOfPress(event, isMac()))) event.preventDefault()
    }
    window.addEventListener('keydown', onKeyDown)
    return () => window.removeEventListener('keydown', onKeyDown)
  }, [])

  useIpcEvent('menu.chosen', ({ command }) => void runUnlessCovered(commandOf(command)))
}
