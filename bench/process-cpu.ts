import { readdirSync, readFileSync } from 'node:fs'

/** Ticks of /proc a second on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100

interface Usage {
  readonly parent: number
  readonly seconds: number
  /** Of children that have ended. */
  readonly endedSeconds: number
}

/** Fields of proc(5) behind the name, which may hold anything. */
function usageOf(pid: string): Usage | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const seconds = (index: number): number => Number(fields[index]) / TICKS_PER_SECOND
    return {
      parent: Number(fields[1]),
      seconds: seconds(11) + seconds(12),
      endedSeconds: seconds(13) + seconds(14),
    }
  } catch {
    return null
  }
}

/** Processor time that a process and its children have used so far, in seconds. */
export function cpuSeconds(pid: number | null): number {
  if (pid === null) return 0
  const own = usageOf(String(pid))
  let seconds = (own?.seconds ?? 0) + (own?.endedSeconds ?? 0)
  for (const entry of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const usage = usageOf(entry)
    if (usage?.parent === pid) seconds += usage.seconds
  }
  return seconds
}
