import { stringify } from 'yaml'
import { adapterDefinition } from '../../adapters/registry.ts'
import type { Config } from './config-schema.ts'

const HIDDEN = '<redacted>'

/**
 * The configuration with all defaults, as YAML. References such as `env:NAME` are shown, since they tell where a
 * secret comes from; a secret option that is not a reference is hidden, as is whatever stands in a URL's user part.
 */
export function showConfig(config: Config): string {
  const providers = config.providers.map((provider) => {
    const secretOptions = adapterDefinition(provider.adapter)?.secretOptions ?? []
    const options = Object.fromEntries(
      Object.entries(provider.options).map(([key, value]) => [key, secretOptions.includes(key) ? hide(value) : value]),
    )
    return { ...provider, options }
  })
  return stringify({ ...config, providers }, (_key, value: unknown) =>
    typeof value === 'string' ? withoutUser(value) : value,
  )
}

function hide(value: unknown): unknown {
  return typeof value === 'string' && /^(env|file):/.test(value) ? value : HIDDEN
}

function withoutUser(text: string): string {
  if (!text.includes('@') || !URL.canParse(text)) return text
  const url = new URL(text)
  if (url.username === '' && url.password === '') return text
  url.username = ''
  url.password = ''
  return `${url.toString()} (user ${HIDDEN})`
}
