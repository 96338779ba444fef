import { setFlagsFromString } from 'node:v8'

/**
 * Keeps V8 from allocating what requests need among the long-lived objects. It decides that by how many survive the first
 * collections, and where one of these strikes while a group of deposits waits for the disk, that is most of them. From
 * then on, in one process of four, each collection took 12 milliseconds instead of half of one. Not inside Electron, which
 * may have its flags frozen: a relay there serves few.
 */
export function keepObjectsYoung(): void {
  if (process.versions['electron'] !== undefined) return
  setFlagsFromString('--no-allocation-site-pretenuring')
}
