#!/usr/bin/env node
import process from 'node:process'
import { makeKeychain } from '#keychain/profile-keychain.ts'
import { runCommandLine } from './run.ts'

const interruption = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  // The second one ends it at once.
  process.once(signal, () => interruption.abort())
}
// Without a listener, a closed pipe would end the process in the middle of something.
process.stdout.on('error', () => interruption.abort())
process.stderr.on('error', () => undefined)

process.exitCode = await runCommandLine(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  interrupted: interruption.signal,
  makeKeychain,
})
