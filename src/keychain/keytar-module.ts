import type * as Keytar from 'keytar'

let loaded: typeof Keytar | null | undefined

/** The native module; `null` where it does not load, for example without libsecret. */
export async function loadKeytar(): Promise<typeof Keytar | null> {
  if (loaded !== undefined) return loaded
  try {
    const { default: keytar } = (await import('keytar')) as unknown as { default: typeof Keytar }
    loaded = keytar
  } catch {
    loaded = null
  }
  return loaded
}
