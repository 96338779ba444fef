type Defined<T> = { [Key in keyof T]?: Exclude<T[Key], undefined> }

/** A change without the members that are there but undefined: those change nothing. */
export function withoutUndefined<T extends object>(change: T): Defined<T> {
  const entries = Object.entries(change).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as Defined<T>
}
