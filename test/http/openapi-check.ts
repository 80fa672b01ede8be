import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'

/** As much of an OpenAPI 3.1 document as the tests look at. */
export interface OpenApiDocument {
  readonly openapi: string
  readonly paths: Readonly<Record<string, Readonly<Record<string, OpenApiOperation>>>>
  readonly components: {
    readonly schemas: Readonly<Record<string, unknown>>
    readonly securitySchemes: Readonly<Record<string, unknown>>
  }
  readonly security: readonly Readonly<Record<string, readonly string[]>>[]
}

export interface OpenApiOperation {
  readonly operationId: string
  readonly summary: string
  readonly description?: string
  readonly security?: readonly unknown[]
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema: unknown }[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: unknown }>> }
  readonly responses: Readonly<Record<string, OpenApiResponse>>
}

export interface OpenApiResponse {
  readonly description: string
  readonly content?: Readonly<Record<string, { readonly schema: unknown }>>
  readonly headers?: Readonly<Record<string, { readonly required?: boolean }>>
}

export function createAjv(): Ajv2020 {
  const ajv = new Ajv2020({ strict: true, strictTypes: false, allErrors: true })
  ajv.addVocabulary(['example'])
  ajv.addFormat('date-time', { type: 'string', validate: (text: string) => /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(text) })
  ajv.addFormat('uri', { type: 'string', validate: (text: string) => URL.canParse(text) })
  return ajv
}

/** Refuses answers that the document does not describe: status, media type, header fields, members. */
export class OpenApiCheck {
  readonly document: OpenApiDocument
  readonly #ajv = createAjv()
  readonly #validators = new Map<unknown, ValidateFunction>()

  constructor(document: OpenApiDocument) {
    this.document = document
    for (const [name, schema] of Object.entries(document.components.schemas)) {
      this.#ajv.addSchema(rebase(schema), `https://openapi.test/${name}`)
    }
  }

  operation(method: string, path: string): OpenApiOperation | undefined {
    const segments = path.split('/')
    const known = Object.keys(this.document.paths).find((pattern) => {
      const parts = pattern.split('/')
      return parts.length === segments.length && parts.every((part, i) => part.startsWith('{') || part === segments[i])
    })
    return known === undefined ? undefined : this.document.paths[known]?.[method.toLowerCase()]
  }

  /** What is wrong with this answer; empty: nothing. */
  faultsOf(operation: OpenApiOperation, response: Response, body: string): readonly string[] {
    const described = operation.responses[response.status]
    const where = `${operation.operationId} ${response.status}`
    if (described === undefined) return [`${where} is not documented`]
    const missing = Object.entries(described.headers ?? {})
      .filter(([name, header]) => header.required === true && !response.headers.has(name))
      .map(([name]) => `${where} lacks ${name}`)
    if (described.content === undefined) return body === '' ? missing : [...missing, `${where} should have no body`]
    const mediaType = (response.headers.get('content-type') ?? '').split(';')[0] ?? ''
    const content = described.content[mediaType]
    if (content === undefined) return [...missing, `${where} answers with "${mediaType}"`]
    if (!mediaType.endsWith('json')) return missing
    const validate = this.#validator(content.schema)
    return validate(JSON.parse(body)) ? missing : [...missing, `${where}: ${this.#ajv.errorsText(validate.errors)}`]
  }

  /** What is wrong with an example of an operation's request body, or of its answer with a status. */
  exampleFaults(operation: OpenApiOperation, part: string, text: string): readonly string[] {
    const content = part === 'request' ? operation.requestBody?.content : operation.responses[part]?.content
    const described = Object.values(content ?? {})[0]
    if (described === undefined) return [`${operation.operationId} ${part} is not documented`]
    const validate = this.#validator(described.schema)
    return validate(JSON.parse(text)) ? [] : [this.#ajv.errorsText(validate.errors)]
  }

  #validator(schema: unknown): ValidateFunction {
    const known = this.#validators.get(schema)
    if (known !== undefined) return known
    const compiled = this.#ajv.compile({ allOf: [rebase(schema)] })
    this.#validators.set(schema, compiled)
    return compiled
  }
}

/** The same schema with its references pointing to the registered components. */
function rebase(schema: unknown): object {
  const text = JSON.stringify(schema).replaceAll('"#/components/schemas/', '"https://openapi.test/')
  const parsed: unknown = JSON.parse(text)
  if (typeof parsed !== 'object' || parsed === null) throw new Error('a schema is an object')
  return parsed
}

/** Closes every object that lists its members, so that a member nobody documented is a fault. */
export function closeObjects(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closeObjects)
  if (typeof schema !== 'object' || schema === null) return schema
  const members = Object.fromEntries(Object.entries(schema).map(([name, value]) => [name, closeObjects(value)]))
  return 'properties' in members && !('additionalProperties' in members) && !('allOf' in members)
    ? { ...members, additionalProperties: false }
    : members
}
