import type { Advertisement } from '../fci/advertisement.ts'
import type { NamedDocument } from '../fci/named/named-footprint.ts'
import { descend } from '../fci/named/named-footprint.ts'
import { namedReferences } from '../fci/named/named-references.ts'

/** The URIs of footprints that say where surrogates are ([NF] 3.3.2, RFC 8008 Appendix B). */
export function resourceUrisIn(documents: readonly NamedDocument[]): ReadonlySet<string> {
  const uris = new Set<string>()
  for (const document of documents) {
    const namespaces =
      document.kind === 'namespaces' ? document.namespaces : document.kind === 'namespace' ? [document.namespace] : []
    for (const { type, roots } of namespaces) {
      if (type !== 'resource') continue
      for (const root of roots) for (const { uri } of descend(root)) if (uri !== undefined) uris.add(uri)
    }
  }
  return uris
}

/** An advertisement, references unresolved, without the objects that refer to one of these footprints. */
export function withoutReferencesTo(model: Advertisement, uris: ReadonlySet<string>): Advertisement {
  if (uris.size === 0) return model
  const capabilities = model.capabilities.filter(
    (capability) => !namedReferences({ capabilities: [capability], diagnostics: [] }).some((uri) => uris.has(uri)),
  )
  return capabilities.length === model.capabilities.length ? model : { ...model, capabilities }
}
