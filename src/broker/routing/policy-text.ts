import { createHash } from 'node:crypto'
import { parseDocument } from 'yaml'
import { canonicalJson, toJsonValue } from '../../fci/canonical-json.ts'
import { lintPolicy, type PolicySurroundings } from '../../routing/policy-file/lint-policy.ts'
import type { PolicyDocument, PolicyFinding } from '../../routing/policy-file/policy-document.ts'

const MAX_ALIASES = 100
const MAX_DEPTH = 64

/** The YAML or JSON of a policy file as data, or why it is none. */
export function readPolicyText(text: string): { readonly value: unknown } | { readonly fault: string } {
  const document = parseDocument(text, { uniqueKeys: true })
  const [error] = document.errors
  if (error !== undefined) return { fault: `it is not YAML: ${error.message.split('\n')[0] ?? ''}` }
  try {
    return { value: document.toJS({ maxAliasCount: MAX_ALIASES }) }
  } catch {
    return { fault: 'its YAML aliases multiply; write the values out' }
  }
}

/** What was found in a policy file. */
export type JudgedPolicy =
  | {
      readonly document: PolicyDocument
      /** Equal documents have equal names, at every replica. */
      readonly revision: string
      readonly findings: readonly PolicyFinding[]
    }
  | { readonly because: string; readonly findings: readonly PolicyFinding[] }

/** Reads and checks a policy file. Never throws. */
export function judgePolicyText(text: string, surroundings: PolicySurroundings): JudgedPolicy {
  const read = readPolicyText(text)
  return 'fault' in read ? { because: read.fault, findings: [] } : judgePolicy(read.value, surroundings)
}

export function judgePolicy(value: unknown, surroundings: PolicySurroundings): JudgedPolicy {
  const { document, findings } = lintPolicy(value, surroundings)
  if (document !== undefined) return { document, revision: fileRevision(document), findings }
  const [first, ...others] = findings.filter(({ severity }) => severity === 'error')
  const more = others.length === 0 ? '' : `, and ${others.length} more errors`
  return { because: `${first?.message ?? 'it is not valid'} at ${first?.pointer || 'the whole'}${more}`, findings }
}

function fileRevision(document: PolicyDocument): string {
  const value = toJsonValue(document, MAX_DEPTH)
  const text = value === undefined ? JSON.stringify(document) : canonicalJson(value)
  return `config-${createHash('sha256').update(text).digest('hex').slice(0, 12)}`
}
