import fc, { type Arbitrary } from 'fast-check'

/** The part of JSON Schema that the relay's own description uses. */
export interface Schema {
  readonly type?: string
  readonly const?: unknown
  readonly anyOf?: readonly Schema[]
  readonly enum?: readonly unknown[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly minItems?: number
  readonly maxItems?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly pattern?: string
  readonly minLength?: number
  readonly maxLength?: number
}

const MOST_ITEMS = 4

/** What a schema allows, with more weight on the edges. */
export function fromSchema(schema: Schema): Arbitrary<unknown> {
  if (schema.const !== undefined) return fc.constant(schema.const)
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum)
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map(fromSchema))
  switch (schema.type) {
    case 'object':
      return fc.record(
        Object.fromEntries(
          Object.entries(schema.properties ?? {}).map(([name, one]) => [name, fromSchema(one)]),
        ),
        { requiredKeys: [...(schema.required ?? [])] },
      )
    case 'array': {
      const { minItems = 0, maxItems = MOST_ITEMS } = schema
      return fc.array(fromSchema(schema.items ?? {}), {
        minLength: minItems,
        maxLength: Math.max(minItems, Math.min(maxItems, MOST_ITEMS)),
      })
    }
    case 'integer': {
      const { minimum = 0, maximum = Number.MAX_SAFE_INTEGER } = schema
      return fc.oneof(
        fc.constantFrom(minimum, maximum),
        fc.integer({ min: minimum, max: Math.min(maximum, minimum + 10) }),
        fc.bigInt({ min: BigInt(minimum), max: BigInt(maximum) }).map(Number),
      )
    }
    case 'string': {
      const { pattern, minLength = 0, maxLength = 64 } = schema
      if (pattern === undefined) return fc.string({ minLength, maxLength })
      return fc.stringMatching(new RegExp(pattern)).map((text) => text.slice(0, maxLength))
    }
    case 'boolean':
      return fc.boolean()
    case 'null':
      return fc.constant(null)
    default:
      return fc.jsonValue()
  }
}

/** Numbers, texts and structures that parsers stumble over. */
export const strange: Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    '',
    ' ',
    '\u0000',
    '../../../etc/passwd',
    '__proto__',
    'constructor',
    -1,
    0.5,
    2 ** 53,
    1e308,
    true,
    [],
    {},
    'A'.repeat(5_000),
    '\ud800',
  ),
  fc.jsonValue({ maxDepth: 3 }),
  fc.string({ unit: 'binary', maxLength: 50 }),
)

/** One place of a value changed: replaced, removed or added to. */
export function mutated(value: unknown): Arbitrary<unknown> {
  if (Array.isArray(value) && value.length > 0) {
    return fc
      .tuple(fc.nat(value.length - 1), fc.boolean())
      .chain(([index, repeat]) =>
        repeat
          ? fc.constant<unknown>([...(value as unknown[]), value[index]])
          : mutated(value[index]).map((one): unknown => (value as unknown[]).with(index, one)),
      )
  }
  if (typeof value === 'object' && value !== null && Object.keys(value).length > 0) {
    const members = Object.entries(value)
    return fc
      .tuple(fc.constantFrom(...members), fc.nat(3), strange)
      .chain(([[name, old], how, odd]) => {
        const others = Object.fromEntries(members.filter(([one]) => one !== name))
        if (how === 0) return fc.constant(others)
        if (how === 1) return fc.constant({ ...value, [JSON.stringify(odd).slice(0, 20)]: odd })
        return mutated(old).map((one) => ({ ...others, [name]: one }))
      })
  }
  return strange
}
