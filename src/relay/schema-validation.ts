import type { FastifySchemaCompiler } from 'fastify'
import type { TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { refuse } from './request-error.ts'

/** Checks requests by the schemas of their routes: nothing is coerced, filled in or left out. */
export const compileSchema: FastifySchemaCompiler<TSchema> = ({ schema }) => {
  const validator = Compile(schema)
  return (value: unknown) =>
    validator.Check(value) ? { value } : { error: refuse('INVALID_INPUT') }
}
