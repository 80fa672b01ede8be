import { NO_CAPABILITIES } from '../../src/adapters/capabilities.ts'
import { adapterDefinition } from '../../src/adapters/registry.ts'
import { adapterConformance } from '../conformance/adapter.ts'
import { defined } from '../support/defined.ts'
import { LAB_ACCOUNT, openLabSubject } from '../support/lab-adapter-subject.ts'

adapterConformance({
  name: 'cloudflare',
  definition: defined(adapterDefinition('cloudflare')),
  capabilities: {
    ...NO_CAPABILITIES,
    updateConfig: true,
    get: true,
    list: true,
    delete: true,
    adoptByLabel: true,
    maxUpstreams: 10,
    upstreamSchemes: ['moqt', 'https'],
    credentialsAtCreate: [['publish', 'subscribe'], ['subscribe']],
    mintCredential: true,
    revokeCredential: true,
    credentialLimit: 10,
    maxCredentialTtlSeconds: 31_536_000,
    moqtDrafts: ['16'],
    originFallback: 'native',
  },
  open: () =>
    openLabSubject('cloudflare', ({ apiUrl, apiToken, relayUrl }) => ({
      base_url: apiUrl,
      account_id: LAB_ACCOUNT,
      api_token: apiToken,
      relay_url: relayUrl,
      name_prefix: 'moq-broker/',
    })),
})
