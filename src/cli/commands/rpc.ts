import type { Command } from 'commander'
import { addAbortSignal } from 'node:stream'
import { ok } from '#shared/result.ts'
import type { CommandRun, Outcome } from '../command-run.ts'
import { EXIT } from '../exit-codes.ts'
import { jsonLine, OutputClosedError } from '../output.ts'
import { profileCommand, waitOption, type Perform } from '../profile-command.ts'
import { readLines, TOO_LONG } from '../rpc/lines.ts'
import { invalidRequest, RpcServer } from '../rpc/rpc-server.ts'

/** More than the longest message, every character of it escaped. */
const MAX_LINE_BYTES = 1_000_000
/** Requests under way at once; further lines wait to be read. */
const MAX_PENDING = 64

/** `sotto rpc`: the use cases for programs. */
export function rpcCommand(perform: Perform): Command {
  return profileCommand('rpc', 'Speak JSON-RPC 2.0 on standard input and output, line by line.', [
    'sotto rpc --profile ./bot --passphrase-file ./bot.passphrase',
    `sotto rpc <<< '{"jsonrpc":"2.0","id":1,"method":"conversations.list"}'`,
  ])
    .addOption(waitOption('how long to go on with what waits, once the input has ended', 10))
    .action((flags: { readonly wait: number }, self: Command) =>
      perform(self, (run) => serve(run, flags.wait)),
    )
}

function serve(run: CommandRun, waitMs: number): Promise<Outcome> {
  const { stdin, interrupted } = run.surroundings
  return run.withClient(async (client) => {
    const server = new RpcServer(client, run.log)
    // Where nobody reads any more, the whole command is interrupted.
    const say = (message: unknown): Promise<void> =>
      run.output.line(jsonLine(message)).catch(ignoreClosedOutput)
    const stop = server.publishEvents((notification) => void say(notification))
    client.start()
    const pending = new Set<Promise<void>>()
    try {
      for await (const line of readLines(addAbortSignal(interrupted, stdin), MAX_LINE_BYTES)) {
        if (line !== TOO_LONG && line.trim() === '') continue
        const answering = (async () => {
          const answer = line === TOO_LONG ? invalidRequest(null) : await server.answer(line)
          if (answer !== null) await say(answer)
        })()
        const done = answering.finally(() => pending.delete(done))
        pending.add(done)
        if (pending.size >= MAX_PENDING) await Promise.race(pending)
      }
    } catch (cause) {
      if (!interrupted.aborted) throw cause
    }
    await Promise.all(pending)
    if (!client.isClosed()) await run.settle(client, waitMs)
    stop()
    return ok(EXIT.done)
  })
}

function ignoreClosedOutput(cause: unknown): void {
  if (!(cause instanceof OutputClosedError)) throw cause
}
