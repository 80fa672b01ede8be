import { describe, expect, it } from 'vitest'
import { FrontApi } from './front-api.ts'
import { createAjv, type OpenApiDocument, type OpenApiOperation } from './openapi-check.ts'

const document: OpenApiDocument = await (await new FrontApi().app.request('/openapi.json')).json()
const operations: readonly (readonly [string, string, OpenApiOperation])[] = Object.entries(document.paths).flatMap(
  ([path, methods]) => Object.entries(methods).map(([method, operation]) => [method, path, operation] as const),
)

function referencesIn(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(referencesIn)
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, member]) =>
    name === '$ref' && typeof member === 'string' ? [member] : referencesIn(member),
  )
}

describe('/openapi.json', () => {
  it('is OpenAPI 3.1 with both ways to send a key', () => {
    expect(document.openapi).toBe('3.1.0')
    expect(document.components.securitySchemes).toMatchObject({
      bearer: { type: 'http', scheme: 'bearer' },
      apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
    })
    expect(document.security).toEqual([{ bearer: [] }, { apiKey: [] }])
  })

  it('refers only to schemas that it holds, and holds none that nobody refers to', () => {
    const referred = new Set(referencesIn(document))
    const held = Object.keys(document.components.schemas).map((name) => `#/components/schemas/${name}`)
    expect([...referred].sort()).toEqual(held.sort())
  })

  it('holds only schemas that compile strictly as JSON Schema 2020-12', () => {
    const ajv = createAjv()
    const rebased: Readonly<Record<string, object>> = JSON.parse(
      JSON.stringify(document.components.schemas).replaceAll('#/components/schemas/', 'https://openapi.test/'),
    )
    for (const [name, schema] of Object.entries(rebased)) ajv.addSchema(schema, `https://openapi.test/${name}`)
    for (const name of Object.keys(rebased))
      expect(ajv.getSchema(`https://openapi.test/${name}`)).toBeTypeOf('function')
  })

  it('gives every operation an id of its own', () => {
    const ids = operations.map(([, , operation]) => operation.operationId)
    expect(new Set(ids).size).toBe(ids.length)
    for (const id of ids) expect(id).toMatch(/^[a-z]+(-[a-z]+)*$/)
  })

  it('keeps the draft’s operation id', () => {
    expect(document.paths['/moq/scopes']?.['post']?.operationId).toBe('create-scope')
  })
})

describe.each(operations)('%s %s', (_, path, operation) => {
  it('declares every parameter of its path, and no other', () => {
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1])
    const declared = (operation.parameters ?? [])
      .filter((parameter) => parameter.in === 'path')
      .map((parameter) => parameter.name)
    expect(declared).toEqual(inPath)
  })

  it('describes every answer, and every refusal as a problem', () => {
    expect(operation.summary).not.toBe('')
    for (const [status, response] of Object.entries(operation.responses)) {
      expect(response.description).not.toBe('')
      if (Number(status) < 400) continue
      // RFC 7285 8.5 has a form of its own for what is wrong in a question.
      const isAltoQuestion = path.startsWith('/alto/') && operation.requestBody !== undefined && status === '400'
      expect(response.content).toEqual({
        'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
        ...(isAltoQuestion && {
          'application/alto-error+json': { schema: { $ref: '#/components/schemas/AltoError' } },
        }),
      })
    }
  })

  it('says which role it needs and that it may refuse, unless it is open', () => {
    const isOpen = operation.security?.length === 0
    expect('401' in operation.responses).toBe(!isOpen)
    expect(/^Role: (reader|operator|admin)/.test(operation.description ?? '')).toBe(!isOpen)
  })

  it('documents 408, 413 and 415 exactly when it takes a body', () => {
    const documented = ['408', '413', '415'].filter((status) => status in operation.responses)
    expect(documented).toHaveLength(operation.requestBody === undefined ? 0 : 3)
  })
})

describe('probes', () => {
  it('say that the process turns, and its version', async () => {
    expect((await new FrontApi().send('GET', '/healthz', { key: null })).json).toEqual({
      status: 'ok',
      version: '0.0.0-test',
    })
  })

  it('list what is not ready, with 503', async () => {
    const api = new FrontApi()
    api.readiness = {
      ready: false,
      checks: { store: { ok: false, detail: 'does not answer' }, providers: { ok: true } },
    }
    const answer = await api.send('GET', '/readyz', { key: null })
    expect(answer.status).toBe(503)
    expect(answer.json).toMatchObject({
      type: 'urn:moq-broker:problem:not-ready',
      detail: 'Not ready: store.',
      checks: api.readiness.checks,
    })
  })

  it('list what is ready', async () => {
    expect((await new FrontApi().send('GET', '/readyz', { key: null })).json).toEqual({
      ready: true,
      checks: { store: { ok: true } },
    })
  })
})
