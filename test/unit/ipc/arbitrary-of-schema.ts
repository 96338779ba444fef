import * as fc from 'fast-check'
import * as v from 'valibot'
import { ERRORS } from '#shared/errors.ts'

interface Bounds {
  min?: number
  max?: number
  whole?: boolean
  regex?: RegExp
}

interface AnySchema {
  readonly type: string
  readonly pipe?: readonly {
    readonly kind: string
    readonly type: string
    readonly requirement?: unknown
  }[]
  readonly entries?: Readonly<Record<string, AnySchema>>
  readonly item?: AnySchema
  readonly items?: readonly AnySchema[]
  readonly wrapped?: AnySchema
  readonly options?: readonly unknown[]
  readonly literal?: unknown
}

/** Values that fit a schema of the contract. Throws on a kind of schema it does not know. */
export function arbitraryOf(schema: v.GenericSchema): fc.Arbitrary<unknown> {
  const made = make(schema)
  return made.filter((value) => v.is(schema, value))
}

function make(schema: AnySchema): fc.Arbitrary<unknown> {
  switch (schema.type) {
    case 'undefined':
      return fc.constant(undefined)
    case 'boolean':
      return fc.boolean()
    case 'string':
      return makeString(boundsOf(schema))
    case 'number':
      return makeNumber(boundsOf(schema))
    case 'literal':
      return fc.constant(schema.literal)
    case 'picklist':
      return fc.constantFrom(...(schema.options ?? []))
    case 'custom':
      return fc.constantFrom(...Object.keys(ERRORS))
    case 'nullable':
      return fc.option(make(inner(schema)), { nil: null })
    case 'optional':
      return fc.option(make(inner(schema)), { nil: undefined })
    case 'array': {
      const { min = 0, max = 3 } = boundsOf(schema)
      return fc.array(make(schema.item ?? inner(schema)), { minLength: min, maxLength: max })
    }
    case 'tuple':
      return fc.tuple(...(schema.items ?? []).map(make))
    case 'strict_object':
      return fc.record(
        Object.fromEntries(
          Object.entries(schema.entries ?? {}).map(([key, entry]) => [key, make(entry)]),
        ),
      )
    case 'variant':
      return fc.oneof(...(schema.options ?? []).map((option) => make(option as AnySchema)))
    default:
      throw new Error(`no values for schemas of type ${schema.type}`)
  }
}

function inner(schema: AnySchema): AnySchema {
  if (schema.wrapped === undefined) throw new Error(`${schema.type} wraps nothing`)
  return schema.wrapped
}

function boundsOf(schema: AnySchema): Bounds {
  const bounds: Bounds = {}
  for (const { type, requirement } of schema.pipe ?? []) {
    if (type === 'min_length' || type === 'min_value') bounds.min = Number(requirement)
    if (type === 'max_length' || type === 'max_value') bounds.max = Number(requirement)
    if (type === 'length') bounds.min = bounds.max = Number(requirement)
    if (type === 'integer' || type === 'safe_integer') bounds.whole = true
    if (type === 'regex') bounds.regex = requirement as RegExp
  }
  return bounds
}

function makeString({ min = 0, max = 40, regex }: Bounds): fc.Arbitrary<string> {
  const length = { minLength: min, maxLength: Math.min(max, Math.max(min, 64)) }
  if (regex === undefined) return fc.string({ ...length, unit: 'grapheme' })
  if (regex.source.includes('a-f')) {
    return fc.string({
      ...length,
      unit: fc.integer({ min: 0, max: 15 }).map((digit) => digit.toString(16)),
    })
  }
  return fc.stringMatching(regex)
}

function makeNumber({ min = 0, max, whole = false }: Bounds): fc.Arbitrary<number> {
  if (whole) return fc.integer({ min, max: max ?? Number.MAX_SAFE_INTEGER })
  return fc.double({ min, max: max ?? 1e15, noNaN: true })
}
