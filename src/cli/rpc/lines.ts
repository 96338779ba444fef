import type { Readable } from 'node:stream'

const NEWLINE = 0x0a

/** A line that is too long to be read; the rest of it is skipped. */
export const TOO_LONG = Symbol('too long')

/** Splits a stream into lines of UTF-8; a last one without its end counts. Holds at most `maxBytes` of a line. */
export async function* readLines(
  input: Readable,
  maxBytes: number,
): AsyncGenerator<string | typeof TOO_LONG> {
  let parts: Buffer[] = []
  let bytes = 0
  const take = (part: Buffer): void => {
    bytes += part.length
    if (bytes > maxBytes) parts = []
    else parts.push(part)
  }
  const finish = (): string | typeof TOO_LONG => {
    const line = bytes > maxBytes ? TOO_LONG : Buffer.concat(parts).toString('utf8')
    parts = []
    bytes = 0
    return line
  }
  for await (const chunk of input) {
    let rest = Buffer.from(chunk as Uint8Array | string)
    for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE)) {
      take(rest.subarray(0, end))
      rest = rest.subarray(end + 1)
      yield finish()
    }
    take(rest)
  }
  if (bytes > 0) yield finish()
}
