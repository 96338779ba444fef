#!/usr/bin/env node
import { runRelayCommandLine } from './run-command-line.ts'

process.exitCode = await runRelayCommandLine(process.argv.slice(2), process)
