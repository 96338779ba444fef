import type { ErrorCode } from '#shared/errors.ts'

/** What an answer of the scripted main process throws in place of a value: the code its call fails with. */
export class Refusal extends Error {
  readonly code: ErrorCode

  constructor(code: ErrorCode) {
    super(code)
    this.code = code
  }
}
