import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { JsonValue } from '../../../fci/canonical-json.ts'
import { canonicalJson } from '../../../fci/canonical-json.ts'
import { printCdniMediaType } from '../../../fci/media-type.ts'
import { descend, type FootprintNamespace } from '../../../fci/named/named-footprint.ts'
import { printNamedFootprint, printNamespace, versionOfPrinted } from '../../../fci/named/print-named-document.ts'
import type { AppEnv, HttpDeps } from '../../http/app-env.ts'
import { ProblemError } from '../../http/problem.ts'
import { COMMON_PROBLEMS, NOT_FOUND, problemAnswer } from '../../http/wire-fields.ts'
import { audienceOf, federationOf, requireAudience } from '../audience-check.ts'
import type { FederationService } from '../federation-service.ts'
import type { HeldNamespace } from '../footprint-record.ts'
import type { Audience } from '../peer.ts'
import {
  FootprintParamSchema,
  NamedFootprintSchema,
  NamedNamespaceSchema,
  NamedNamespacesSchema,
  NamespaceParamSchema,
} from './footprint-schemas.ts'
import { acceptedType, publishedAnswer } from './published-answer.ts'

type Deps = Pick<HttpDeps, 'keys' | 'federation'>

const JSON_TYPE = 'application/json'
/** Payload types that the draft does not register. */
const NAMESPACE_TYPE = printCdniMediaType('MI.NamedFootprintNamespace')
const FOOTPRINT_TYPE = printCdniMediaType('MI.NamedFootprint')
const READER = 'Role: reader, or the token of a peer, who sees what it may see.'
const ANSWERS = {
  304: { description: 'Unchanged since `If-None-Match`.' },
  ...COMMON_PROBLEMS,
  ...NOT_FOUND,
  406: problemAnswer('`not-acceptable`: `Accept` takes none of the forms.'),
} as const
const HEADERS = z.object({ 'if-none-match': z.string().optional() })

/** `GET /fci/footprints`: the named footprints that we publish. */
export function addFootprintRoutes(app: OpenAPIHono<AppEnv>, deps: Deps): void {
  const list = createRoute({
    method: 'get',
    path: '/fci/footprints',
    operationId: 'list-named-footprints',
    tags: ['Federation'],
    summary: 'All named footprints, by namespace',
    description: READER,
    middleware: [requireAudience(deps, 'http')],
    request: { headers: HEADERS },
    responses: { 200: answerOf('Every namespace.', NamedNamespacesSchema), ...ANSWERS },
  })
  app.openapi(list, (c) => {
    const federation = federationOf(deps)
    const visible = federation.footprints.list().filter((held) => isVisible(held, audienceOf(c)))
    const namespaces = visible.flatMap((held) => federation.footprints.modelOf(held.record) ?? [])
    return answer(c, federation, namespaces.map(printNamespace), NAMESPACE_TYPE)
  })

  const one = createRoute({
    method: 'get',
    path: '/fci/footprints/{namespace}',
    operationId: 'get-footprint-namespace',
    tags: ['Federation'],
    summary: 'One namespace of named footprints',
    description: READER,
    middleware: [requireAudience(deps, 'http')],
    request: { params: NamespaceParamSchema, headers: HEADERS },
    responses: { 200: answerOf('The namespace.', NamedNamespaceSchema), ...ANSWERS },
  })
  app.openapi(one, (c) => {
    const federation = federationOf(deps)
    const { namespace } = c.req.valid('param')
    return answer(c, federation, printNamespace(visibleModel(federation, namespace, audienceOf(c))), NAMESPACE_TYPE)
  })

  const footprint = createRoute({
    method: 'get',
    path: '/fci/footprints/{namespace}/{name}',
    operationId: 'get-named-footprint',
    tags: ['Federation'],
    summary: 'One named footprint with all below it',
    description: `${READER} A slash in a name is written \`%2F\`.`,
    middleware: [requireAudience(deps, 'http')],
    request: { params: FootprintParamSchema, headers: HEADERS },
    responses: { 200: answerOf('The footprint.', NamedFootprintSchema), ...ANSWERS },
  })
  app.openapi(footprint, (c) => {
    const federation = federationOf(deps)
    const { namespace, name } = c.req.valid('param')
    for (const root of visibleModel(federation, namespace, audienceOf(c)).roots) {
      for (const found of descend(root)) {
        const printed = found.name === name ? printNamedFootprint(found) : undefined
        if (printed !== undefined) return answer(c, federation, printed, FOOTPRINT_TYPE)
      }
    }
    throw new ProblemError({ kind: 'not-found', detail: `There is no footprint ${name} in ${namespace}.` })
  })
}

function answerOf<Schema extends z.ZodType>(description: string, schema: Schema) {
  return {
    description,
    headers: z.object({ ETag: z.string(), 'Cache-Control': z.string(), Vary: z.string() }),
    content: { 'application/cdni': { schema }, [JSON_TYPE]: { schema } },
  }
}

function answer(
  context: Context<AppEnv>,
  { caching }: FederationService,
  printed: JsonValue,
  cdniType: string,
): Response {
  const mediaType = acceptedType(context, [cdniType, JSON_TYPE])
  const version = versionOfPrinted(printed)
  const tag = mediaType === JSON_TYPE ? `${version}.json` : version
  return publishedAnswer(context, { text: canonicalJson(printed), mediaType, tag }, caching)
}

/** Where surrogates are is for those only whose contract says so (RFC 8008 Appendix B). */
function isVisible({ record }: HeldNamespace, audience: Audience): boolean {
  if (audience.kind === 'operator') return true
  const { id, contract } = audience.peer
  if (record.type === 'resource' && !contract.allowResourceFootprints) return false
  return record.peers === undefined || record.peers.includes(id)
}

/** One that is not to be seen is answered as one that is not there. */
function visibleModel({ footprints }: FederationService, name: string, audience: Audience): FootprintNamespace {
  const held = footprints.find(name)
  const model = held !== undefined && isVisible(held, audience) ? footprints.modelOf(held.record) : undefined
  if (model !== undefined) return model
  throw new ProblemError({ kind: 'not-found', detail: `There is no footprint namespace ${name}.` })
}
