import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { PROBLEM_CATALOGUE } from '../../src/broker/http/problem.ts'
import { FrontApi } from './front-api.ts'
import { OpenApiCheck, type OpenApiOperation } from './openapi-check.ts'

const GUIDE = readFileSync(new URL('../../docs/api.md', import.meta.url), 'utf8')

const check = new OpenApiCheck(await new FrontApi().document())
const paths = Object.entries(check.document.paths)
const operations = paths.flatMap(([, methods]) => Object.values(methods))

/** Fences such as "```json create-scope 201": operation id, and status or `request`. */
const EXAMPLES = [...GUIDE.matchAll(/```json (\S+) (\S+)\n([^`]*)```/g)].map(([, id = '', part = '', text = '']) => ({
  id,
  part,
  text,
}))

function operationCalled(id: string): OpenApiOperation {
  const operation = operations.find(({ operationId }) => operationId === id)
  if (operation === undefined) throw new Error(`no operation ${id}`)
  return operation
}

describe('docs/api.md', () => {
  it.each(EXAMPLES)('shows $id $part as it is', ({ id, part, text }) => {
    expect(check.exampleFaults(operationCalled(id), part, text)).toEqual([])
  })

  it('shows an example of every body that is sent', () => {
    const sent = operations
      .filter((operation) => operation.requestBody !== undefined)
      .map(({ operationId }) => operationId)
    expect(
      EXAMPLES.filter(({ part }) => part === 'request')
        .map(({ id }) => id)
        .sort(),
    ).toEqual(sent.sort())
  })

  it('names every operation', () => {
    const unnamed = paths.flatMap(([path, methods]) =>
      Object.keys(methods)
        .map((method) => `\`${method.toUpperCase()} ${path}`)
        .filter((name) => !GUIDE.includes(name)),
    )
    expect(unnamed).toEqual([])
  })

  it('lists exactly the problems that there are, with their status', () => {
    const listed = [...GUIDE.matchAll(/^\| (\d{3}) \| `([a-z-]+)` \|/gm)].map(([, status, kind]) => `${status} ${kind}`)
    expect(listed.sort()).toEqual(
      Object.entries(PROBLEM_CATALOGUE)
        .map(([kind, { status }]) => `${status} ${kind}`)
        .sort(),
    )
  })
})
