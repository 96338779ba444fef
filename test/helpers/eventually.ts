/** Waits until `probe` gives something other than `null` or `false`, and gives that. */
export async function eventually<T>(
  what: string,
  probe: () => T | null | false | Promise<T | null | false>,
  withinMs = 15_000,
): Promise<T> {
  const endMs = Date.now() + withinMs
  for (;;) {
    const found = await probe()
    if (found !== null && found !== false) return found
    if (Date.now() > endMs) throw new Error(`did not happen within ${withinMs} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
