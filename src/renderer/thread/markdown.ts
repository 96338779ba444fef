import { findLinks } from './links.ts'

/** A stretch of formatted text. */
export type Inline =
  | { readonly kind: 'text' | 'code'; readonly text: string }
  | { readonly kind: 'bold' | 'italic' | 'strike'; readonly children: readonly Inline[] }
  | { readonly kind: 'link'; readonly text: string; readonly url: string }

/** A paragraph or what stands instead of one. Line breaks inside a paragraph are `\n` in its texts. */
export type Block =
  | { readonly kind: 'paragraph'; readonly children: readonly Inline[] }
  | { readonly kind: 'code'; readonly text: string }
  | { readonly kind: 'quote'; readonly children: readonly Block[] }
  | {
      readonly kind: 'list'
      /** The first number of an ordered list; `null` for bullets. */
      readonly start: number | null
      readonly items: readonly (readonly Inline[])[]
    }

const MAX_DEPTH = 4
const QUOTE = /^ {0,3}> ?/
const BULLET = /^ {0,3}[-*•] +(?=\S)/
const NUMBER = /^ {0,3}(\d{1,9})[.)] +(?=\S)/
const FENCE = /^ {0,3}```/

/**
 * Reads the simple Markdown of messages: code, bold, italic, struck, lists, quotes and bare links. There are
 * no links under other words, no headings, no images and no HTML. What is not well-formed stays as written.
 */
export function parseMarkdown(text: string, depth = 0): readonly Block[] {
  const lines = text.replaceAll('\r\n', '\n').split('\n')
  const blocks: Block[] = []
  let paragraph: string[] = []
  let at = 0

  const endParagraph = () => {
    const joined = paragraph.join('\n').replace(/^\n+|\s+$/g, '')
    if (joined !== '') blocks.push({ kind: 'paragraph', children: parseInline(joined) })
    paragraph = []
  }
  const take = (pattern: RegExp): string[] => {
    const taken: string[] = []
    for (let line = lines[at]; line !== undefined && pattern.test(line); line = lines[at]) {
      taken.push(line.replace(pattern, ''))
      at += 1
    }
    return taken
  }

  for (let line = lines[at]; line !== undefined; line = lines[at]) {
    const number = NUMBER.exec(line)
    if (FENCE.test(line)) {
      const end = lines.findIndex((other, index) => index > at && FENCE.test(other))
      if (end !== -1) {
        endParagraph()
        blocks.push({ kind: 'code', text: lines.slice(at + 1, end).join('\n') })
        at = end + 1
        continue
      }
    } else if (QUOTE.test(line) && depth < MAX_DEPTH) {
      endParagraph()
      blocks.push({ kind: 'quote', children: parseMarkdown(take(QUOTE).join('\n'), depth + 1) })
      continue
    } else if (BULLET.test(line)) {
      endParagraph()
      blocks.push({
        kind: 'list',
        start: null,
        items: take(BULLET).map((item) => parseInline(item)),
      })
      continue
    } else if (number !== null) {
      endParagraph()
      const items = take(NUMBER).map((item) => parseInline(item))
      blocks.push({ kind: 'list', start: Number(number[1]), items })
      continue
    }
    paragraph.push(line)
    at += 1
  }
  endParagraph()
  return blocks
}

const MARKS = [
  { mark: '**', kind: 'bold' },
  { mark: '__', kind: 'bold' },
  { mark: '~~', kind: 'strike' },
  { mark: '*', kind: 'italic' },
  { mark: '_', kind: 'italic' },
] as const

/** Reads the formatting inside one paragraph. Linear in the length of the text, whatever is in it. */
export function parseInline(text: string, depth = 0): readonly Inline[] {
  const nodes: Inline[] = []
  const links = depth === 0 || text.includes('.') || text.includes(':') ? findLinks(text) : []
  // Where no closing mark was found, none follows for a later opening one either.
  const unclosed = new Set<string>()
  let plain = ''
  let link = 0
  let at = 0

  const push = (node: Inline) => {
    if (plain !== '') nodes.push({ kind: 'text', text: plain })
    plain = ''
    nodes.push(node)
  }

  while (at < text.length) {
    while ((links[link]?.end ?? Number.POSITIVE_INFINITY) <= at) link += 1
    const here = links[link]
    if (here !== undefined && here.start === at) {
      push({ kind: 'link', text: text.slice(at, here.end), url: here.url })
      at = here.end
      continue
    }
    const code = codeSpan(text, at, unclosed)
    if (code !== null) {
      push({ kind: 'code', text: code.text })
      at = code.end
      continue
    }
    const marked = depth < MAX_DEPTH ? markedSpan(text, at, unclosed) : null
    if (marked !== null) {
      push({ kind: marked.kind, children: parseInline(marked.text, depth + 1) })
      at = marked.end
      continue
    }
    plain += text[at]
    at += 1
  }
  if (plain !== '') nodes.push({ kind: 'text', text: plain })
  return nodes
}

function codeSpan(text: string, at: number, unclosed: Set<string>) {
  if (text[at] !== '`' || text[at - 1] === '`') return null
  let from = at
  while (text[from] === '`') from += 1
  const fence = text.slice(at, from)
  if (unclosed.has(fence)) return null
  for (let end = text.indexOf(fence, from); end !== -1; end = text.indexOf(fence, end)) {
    let after = end
    while (text[after] === '`') after += 1
    if (after - end === fence.length) {
      const inside = text.slice(from, end)
      return { text: /^ .*\S.* $/s.test(inside) ? inside.slice(1, -1) : inside, end: after }
    }
    end = after
  }
  unclosed.add(fence)
  return null
}

function markedSpan(text: string, at: number, unclosed: Set<string>) {
  for (const { mark, kind } of MARKS) {
    if (!text.startsWith(mark, at)) continue
    if (unclosed.has(mark) || !opens(text, at, mark)) continue
    for (let end = text.indexOf(mark, at + mark.length + 1); end !== -1;) {
      if (closes(text, end, mark)) {
        return { kind, text: text.slice(at + mark.length, end), end: end + mark.length }
      }
      end = text.indexOf(mark, end + 1)
    }
    unclosed.add(mark)
  }
  return null
}

const WORD = /[\p{L}\p{N}]/u
const MARK = /[*_~]/

/** An opening mark stands before a word and not inside one. */
function opens(text: string, at: number, mark: string): boolean {
  const before = text[at - 1] ?? ' '
  const after = text[at + mark.length] ?? ' '
  return !/\s/.test(after) && after !== mark[0] && !WORD.test(before)
}

/** A closing mark stands behind a word and not inside one. */
function closes(text: string, at: number, mark: string): boolean {
  const before = text[at - 1] ?? ' '
  const after = text[at + mark.length] ?? ' '
  if (/\s/.test(before) || WORD.test(after)) return false
  // A single mark is not half of a double one.
  return mark.length === 2 || (after !== mark && (before !== mark || !MARK.test(before)))
}

/** The text without its formatting, for one-line previews and for screen readers. */
export function plainText(text: string): string {
  return parseMarkdown(text).map(plainBlock).join(' ').replaceAll(/\s+/g, ' ').trim()
}

function plainBlock(block: Block): string {
  switch (block.kind) {
    case 'paragraph':
      return block.children.map(plainInline).join('')
    case 'code':
      return block.text
    case 'quote':
      return block.children.map(plainBlock).join(' ')
    case 'list':
      return block.items.map((item) => item.map(plainInline).join('')).join(' ')
  }
}

function plainInline(node: Inline): string {
  return 'children' in node ? node.children.map(plainInline).join('') : node.text
}
