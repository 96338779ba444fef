import type { Log } from '#core/ports.ts'
import { CALLS, type CallName } from '#ipc/contract.ts'
import type { Handlers } from '../../../src/main/ipc/handlers.ts'

export const ALL_CALLS = Object.keys(CALLS) as CallName[]

/** Handlers that all do the same, whatever is called. */
export function handlersThat(answer: (name: CallName, input: unknown) => unknown): Handlers {
  const entries = ALL_CALLS.map((name) => [name, (input: unknown) => answer(name, input)])
  return Object.fromEntries(entries) as Handlers
}

/** A log that keeps its lines. */
export class MemoryLog implements Log {
  readonly lines: string[] = []
  info(event: string): void {
    this.lines.push(event)
  }
  warn(event: string): void {
    this.lines.push(event)
  }
  error(event: string): void {
    this.lines.push(event)
  }
}
