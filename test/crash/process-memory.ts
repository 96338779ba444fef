import { readFileSync } from 'node:fs'

/** What a process holds in memory, in bytes (Linux). */
export function residentBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1')
  const kib = Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1])
  if (!Number.isFinite(kib)) throw new Error('the process has no memory to read')
  return kib * 1_024
}
