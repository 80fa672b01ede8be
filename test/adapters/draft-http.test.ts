import { NO_CAPABILITIES } from '../../src/adapters/capabilities.ts'
import { adapterDefinition } from '../../src/adapters/registry.ts'
import { adapterConformance } from '../conformance/adapter.ts'
import { defined } from '../support/defined.ts'
import { openLabSubject } from '../support/lab-adapter-subject.ts'

const definition = defined(adapterDefinition('draft-http'))

const DRAFT = {
  ...NO_CAPABILITIES,
  configAtCreate: true,
  maxUpstreams: 1,
  upstreamSchemes: ['moqt', 'https'],
  credentialsAtCreate: [['publish', 'subscribe']],
  originFallback: 'native',
} as const

adapterConformance({
  name: 'draft-http on a CDN that offers the draft and nothing else',
  definition,
  capabilities: DRAFT,
  open: () => openLabSubject('draft', ({ apiUrl, apiToken }) => ({ base_url: apiUrl, token: apiToken })),
})

adapterConformance({
  name: 'draft-http on a CDN that offers all that the draft leaves open',
  definition,
  capabilities: {
    ...DRAFT,
    updateConfig: true,
    get: true,
    list: true,
    delete: true,
    adoptByLabel: true,
    idempotentCreate: true,
    credentialsAtCreate: [['publish', 'subscribe'], ['subscribe']],
    mintCredential: true,
    revokeCredential: true,
    moqtDrafts: ['16'],
  },
  open: () =>
    openLabSubject('extended', ({ apiUrl, apiToken }) => ({
      base_url: apiUrl,
      token: apiToken,
      operations: ['get', 'list', 'update', 'delete', 'mint', 'revoke'],
      subscribe_token: true,
      labels: true,
      idempotency_key: true,
      moqt_drafts: ['16'],
    })),
})
