import { find, registerCustomProtocol } from 'linkifyjs'

export interface FoundLink {
  readonly start: number
  readonly end: number
  readonly url: string
}

registerCustomProtocol('sotto', true)

// Endings of file names that are also top-level domains: `README.md` is rarely meant as a place in Moldova.
const FILE_ENDINGS = /^[\w-]+\.(?:md|rs|py|sh|zip|mov|pl|so|cc|ps|st|vi|bar|app|dev)$/i

/** Web, mail and Sotto links in a text, in order. Every other scheme stays text. */
export function findLinks(text: string): readonly FoundLink[] {
  return find(text, { defaultProtocol: 'https' })
    .filter(
      ({ href, value }) => /^(?:https?:|mailto:|sotto:)/i.test(href) && !FILE_ENDINGS.test(value),
    )
    .map(({ start, end, href }) => ({ start, end, url: href }))
}
