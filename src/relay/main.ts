#!/usr/bin/env node
import { runRelayCommandLine } from './run-command-line.ts'

// Sliced here, since in a process of Electron's the arguments would be counted otherwise.
process.exitCode = await runRelayCommandLine(process.argv.slice(2), process)
