import { useEffect, useEffectEvent } from 'react'
import { create } from 'zustand'
import type { CommandId } from './commands.ts'

type Handler = () => void

/** Who answers a command now; the last one mounted answers. */
const useRegistry = create<{
  readonly handlers: ReadonlyMap<CommandId, readonly Handler[]>
}>(() => ({ handlers: new Map() }))

function change(id: CommandId, edit: (handlers: readonly Handler[]) => readonly Handler[]): void {
  useRegistry.setState(({ handlers }) => {
    const edited = edit(handlers.get(id) ?? [])
    const next = new Map(handlers)
    if (edited.length === 0) next.delete(id)
    else next.set(id, edited)
    return { handlers: next }
  })
}

/** Answers a command until the returned function is called. */
export function answerCommand(id: CommandId, handler: Handler): () => void {
  change(id, (handlers) => [...handlers, handler])
  return () => change(id, (handlers) => handlers.filter((other) => other !== handler))
}

/**
 * Answers a command while the component is mounted and `enabled`: its keys, its menu entry and its line in
 * the palette then call the handler.
 */
export function useCommand(id: CommandId, handler: Handler, enabled = true): void {
  const latest = useEffectEvent(handler)
  useEffect(() => (enabled ? answerCommand(id, () => latest()) : undefined), [id, enabled])
}

/** Runs a command. Returns false where nothing answers it now. */
export function runCommand(id: CommandId): boolean {
  const handler = useRegistry.getState().handlers.get(id)?.at(-1)
  handler?.()
  return handler !== undefined
}

/** The commands that something answers now. */
export function useAnsweredCommands(): Pick<ReadonlySet<CommandId>, 'has'> {
  return useRegistry((state) => state.handlers)
}
