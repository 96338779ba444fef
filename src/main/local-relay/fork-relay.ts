import { join } from 'node:path'
import { utilityProcess } from 'electron'
import type { RelayChild } from './local-relay.ts'

/** The relay's program, built beside this one. */
const PROGRAM = join(import.meta.dirname, 'relay.js')

/** Starts the relay in a utility process: the packed app runs no other Node process (its fuses forbid it). */
export function forkRelay(args: readonly string[]): RelayChild {
  const child = utilityProcess.fork(PROGRAM, [...args], {
    stdio: 'pipe',
    serviceName: 'Sotto relay',
  })
  const { stdout, stderr } = child
  if (stdout === null || stderr === null) throw new TypeError('the relay has no output')
  // Read, so that a full pipe never holds it up; its own log has no names and goes nowhere.
  stderr.resume()
  return {
    stdout,
    ended: new Promise((resolve) => child.once('exit', () => resolve())),
    kill: () => void child.kill(),
  }
}
