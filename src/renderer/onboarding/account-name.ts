/** What the relay takes as an account name (`NAME_INVALID` says it in words). */
const ACCOUNT_NAME = /^[a-z0-9][a-z0-9._-]{1,31}$/
const MAX_NAME_CHARS = 32

/** Whether a name can be asked for at a relay. */
export function isAccountName(name: string): boolean {
  return ACCOUNT_NAME.test(name)
}

/** An account name made from what people call themselves: `Anna Bérger` becomes `anna.berger`. */
export function suggestAccountName(displayName: string): string {
  return displayName
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/ß/g, 'ss')
    .replace(/[^a-z0-9]+/g, '.')
    .replace(/^\.+|\.+$/g, '')
    .slice(0, MAX_NAME_CHARS)
    .replace(/\.+$/, '')
}

/** What somebody typed into the name field: a whole address is taken apart. */
export function splitTypedName(text: string): { readonly name: string; readonly relay?: string } {
  const typed = text.trim().toLowerCase()
  const at = typed.indexOf('@')
  if (at < 0) return { name: typed }
  const relay = typed.slice(at + 1)
  return relay === '' ? { name: typed.slice(0, at) } : { name: typed.slice(0, at), relay }
}

/** The relay as it stands in an address, without scheme and trailing slash. */
export function displayRelay(relay: string): string {
  return relay
    .trim()
    .toLowerCase()
    .replace(/^https?:\/\//, '')
    .replace(/\/+$/, '')
}
