import type { PolicyDocument, Settings } from './policy-document.ts'

/** One place of a document where settings stand. */
export interface SettingsPlace {
  readonly path: readonly (string | number)[]
  readonly settings: Settings
}

/** All of them, in document order. */
export function settingsPlaces(document: PolicyDocument): readonly SettingsPlace[] {
  const { defaults, profiles = {}, tenants = {}, scopes = {}, overrides = [] } = document
  const named = (kind: string, levels: Readonly<Record<string, Settings>>): readonly SettingsPlace[] =>
    Object.entries(levels).map(([name, settings]) => ({ path: [kind, name], settings }))
  return [
    ...(defaults === undefined ? [] : [{ path: ['defaults'], settings: defaults }]),
    ...named('profiles', profiles),
    ...named('tenants', tenants),
    ...named('scopes', scopes),
    ...overrides.map(({ set }, i) => ({ path: ['overrides', i, 'set'], settings: set })),
  ]
}
