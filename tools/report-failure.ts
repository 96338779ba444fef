/** Ends a tool with what went wrong in plain words; the stack only where `DEBUG` is set. */
export function reportFailure(error: unknown): never {
  console.error(error instanceof Error ? error.message : String(error))
  if (process.env['DEBUG']) console.error(error)
  process.exit(1)
}
