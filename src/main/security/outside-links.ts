const ALLOWED_PROTOCOLS: ReadonlySet<string> = new Set(['https:', 'http:', 'mailto:'])

/**
 * The form in which a link may be handed to the system, where its scheme is on the list. Everything else
 * (`file:`, `smb:`, other apps' schemes) could start a program.
 * @returns `null` where it may not be opened.
 */
export function outsideUrl(text: string): string | null {
  const url = URL.parse(text)
  return url !== null && ALLOWED_PROTOCOLS.has(url.protocol) ? url.href : null
}
