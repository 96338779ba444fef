import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseInline, parseMarkdown, plainText } from '../../../../src/renderer/thread/markdown.ts'

const text = (value: string) => ({ kind: 'text', text: value })

describe('parseInline', () => {
  test.each([
    ['**bold**', [{ kind: 'bold', children: [text('bold')] }]],
    ['__bold__', [{ kind: 'bold', children: [text('bold')] }]],
    ['*italic*', [{ kind: 'italic', children: [text('italic')] }]],
    ['_italic_', [{ kind: 'italic', children: [text('italic')] }]],
    ['~~gone~~', [{ kind: 'strike', children: [text('gone')] }]],
    ['`code`', [{ kind: 'code', text: 'code' }]],
    ['``a ` b``', [{ kind: 'code', text: 'a ` b' }]],
    [
      'so **very *much* so**.',
      [
        text('so '),
        {
          kind: 'bold',
          children: [text('very '), { kind: 'italic', children: [text('much')] }, text(' so')],
        },
        text('.'),
      ],
    ],
  ])('reads %s', (source, nodes) => {
    expect(parseInline(source)).toEqual(nodes)
  })

  test.each([
    '2 * 3 * 4',
    'snake_case_name',
    '**not closed',
    'a ** b **',
    '`not closed',
    '* * *',
    '5*6*7',
    '____',
    '****',
    '\\o/',
    ':-* and *-:',
  ])('leaves %s as written', (source) => {
    expect(parseInline(source)).toEqual([text(source)])
  })

  test('finds no formatting inside code and inside links', () => {
    expect(parseInline('`**x**`')).toEqual([{ kind: 'code', text: '**x**' }])
    expect(parseInline('https://example.org/_a_/*b*')).toEqual([
      {
        kind: 'link',
        text: 'https://example.org/_a_/*b*',
        url: 'https://example.org/_a_/*b*',
      },
    ])
  })

  test('finds links inside bold text', () => {
    expect(parseInline('**see https://example.org now**')).toEqual([
      {
        kind: 'bold',
        children: [
          text('see '),
          { kind: 'link', text: 'https://example.org', url: 'https://example.org' },
          text(' now'),
        ],
      },
    ])
  })
})

describe('links', () => {
  test.each([
    ['https://example.org/a?b=c#d', 'https://example.org/a?b=c#d'],
    ['http://192.168.0.2:8080/x', 'http://192.168.0.2:8080/x'],
    ['www.example.org', 'https://www.example.org'],
    ['example.org/path', 'https://example.org/path'],
    ['mira@example.org', 'mailto:mira@example.org'],
    ['sotto://add?a=mira', 'sotto://add?a=mira'],
  ])('%s leads to %s', (source, url) => {
    expect(parseInline(source)).toEqual([{ kind: 'link', text: source, url }])
  })

  test.each([
    'javascript:alert(1)',
    'file:///etc/passwd',
    'data:text/html,x',
    'README.md',
    'main.rs',
  ])('%s stays text', (source) => {
    expect(parseInline(source)).toEqual([text(source)])
  })

  test('the full stop behind a link is not part of it', () => {
    expect(parseInline('See https://example.org.')).toEqual([
      text('See '),
      { kind: 'link', text: 'https://example.org', url: 'https://example.org' },
      text('.'),
    ])
  })
})

describe('parseMarkdown', () => {
  test('reads paragraphs, lists, quotes and code blocks in order', () => {
    const source =
      'Hello\nyou\n- one\n- **two**\n3. three\n4. four\n> said\n> so\n```ts\nlet *x* = 1\n```\nend'
    expect(parseMarkdown(source)).toEqual([
      { kind: 'paragraph', children: [text('Hello\nyou')] },
      {
        kind: 'list',
        start: null,
        items: [[text('one')], [{ kind: 'bold', children: [text('two')] }]],
      },
      { kind: 'list', start: 3, items: [[text('three')], [text('four')]] },
      { kind: 'quote', children: [{ kind: 'paragraph', children: [text('said\nso')] }] },
      { kind: 'code', text: 'let *x* = 1' },
      { kind: 'paragraph', children: [text('end')] },
    ])
  })

  test('keeps blank lines between the lines of one paragraph', () => {
    expect(parseMarkdown('a\n\n\nb')).toEqual([{ kind: 'paragraph', children: [text('a\n\n\nb')] }])
  })

  test('a fence that is not closed stays text', () => {
    expect(parseMarkdown('```\ncode')).toEqual([
      { kind: 'paragraph', children: [text('```\ncode')] },
    ])
  })

  test('quotes nest only so far', () => {
    expect(() => parseMarkdown('>'.repeat(5_000))).not.toThrow()
  })

  test('takes any text, and loses none of its letters', () => {
    const source = fc.string({
      unit: fc.constantFrom('a', '*', '_', '`', '~', ' ', '\n', '>', '-', '1', '.'),
    })
    fc.assert(
      fc.property(source, (any) => {
        const letters = (value: string) => value.replaceAll(/[^a]/g, '').length
        // The word behind an opening fence names a language and is not shown.
        fc.pre(!any.includes('```'))
        expect(letters(plainText(any))).toBe(letters(any))
      }),
    )
  })

  test.each([['*a '], ['**a '], ['`'], ['`a``'], ['_a_b'], ['> '], ['~~'], ['[']])(
    'reads sixty thousand characters of %j at once',
    (unit) => {
      expect(parseMarkdown(unit.repeat(60_000 / unit.length)).length).toBeGreaterThan(0)
    },
    2_000,
  )
})

test('plainText is one line without marks', () => {
  expect(plainText('**For** Saturday:\n- bread\n- `basil`\n> wine')).toBe(
    'For Saturday: bread basil wine',
  )
})
