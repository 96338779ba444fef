import type { Result } from '#shared/result.ts'

/** The value of a success; a failure fails the test with its code. */
export function valueOf<T>(result: Result<T, { readonly code: string }>): T {
  if (!result.ok) throw new Error(`expected a success, got ${result.error.code}`)
  return result.value
}

/** The code of a failure; a success fails the test. */
export function codeOf(result: Result<unknown, { readonly code: string }>): string {
  if (result.ok) throw new Error('expected a failure, got a success')
  return result.error.code
}
