import type { z } from 'zod'
import type { Capabilities } from './capabilities.ts'
import { cloudflare } from './cloudflare/adapter.ts'
import type { AdapterDefinition, AdapterDeps, ProviderAdapter } from './contract.ts'
import { draftHttp } from './draft-http/adapter.ts'

/** What a list of adapters tells about one. */
export type AdapterSummary = Pick<AdapterDefinition<unknown>, 'type' | 'title' | 'docsUrl' | 'secretOptions'>

/** One fault in the options. `path` leads to the member from the options' root; its values are never quoted. */
export interface OptionIssue {
  readonly path: readonly (string | number)[]
  readonly message: string
}

/** An adapter type with valid options: its capabilities are known, it can be created. */
export interface ConfiguredAdapter {
  readonly type: string
  readonly capabilities: Capabilities
  create(deps: AdapterDeps): ProviderAdapter
}

export type ConfigureResult =
  | { readonly ok: true; readonly adapter: ConfiguredAdapter }
  | { readonly ok: false; readonly issues: readonly OptionIssue[] }

/** An adapter type whose options are still to be given. */
export interface RegisteredAdapter extends AdapterSummary {
  /** Validates the options; secrets are plain strings here, already resolved. Never throws. */
  configure(options: unknown): ConfigureResult
}

const REGISTERED: readonly RegisteredAdapter[] = [register(cloudflare), register(draftHttp)]

const BY_TYPE: ReadonlyMap<string, RegisteredAdapter> = new Map(REGISTERED.map((adapter) => [adapter.type, adapter]))

/** Every adapter type, in alphabetical order. */
export function adapterTypes(): readonly string[] {
  return REGISTERED.map(({ type }) => type)
}

/** The adapter of this type, or `undefined` if there is none (see `adapterTypes`). */
export function adapterDefinition(type: string): RegisteredAdapter | undefined {
  return BY_TYPE.get(type)
}

function register<Options>(definition: AdapterDefinition<Options>): RegisteredAdapter {
  const { type, title, docsUrl, secretOptions } = definition
  return {
    type,
    title,
    docsUrl,
    secretOptions,
    configure(raw) {
      const parsed = definition.options.safeParse(raw)
      if (!parsed.success) return { ok: false, issues: parsed.error.issues.flatMap(toOptionIssues) }
      const options = parsed.data
      const capabilities = definition.capabilities(options)
      return { ok: true, adapter: { type, capabilities, create: (deps) => definition.create(options, deps) } }
    },
  }
}

function toOptionIssues(issue: z.core.$ZodIssue): readonly OptionIssue[] {
  const path = issue.path.map((key) => (typeof key === 'number' ? key : String(key)))
  if (issue.code !== 'unrecognized_keys') return [{ path, message: issue.message }]
  return issue.keys.map((key) => ({ path: [...path, key], message: 'is not an option of this adapter' }))
}
