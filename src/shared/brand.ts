declare const brand: unique symbol

/** A `T` that only a checked constructor makes, so that two kinds of bytes or strings cannot be confused. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name }
