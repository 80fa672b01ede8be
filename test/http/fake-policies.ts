import { BrokerError } from '../../src/broker/broker-error.ts'
import type { PolicyChange, PolicyEffect, PolicyService, PolicyView } from '../../src/broker/routing/policy-service.ts'
import type { PolicyFinding } from '../../src/routing/policy-file/policy-document.ts'

const WARNING: PolicyFinding = { severity: 'warning', code: 'no-weight', message: 'is zero', pointer: '/defaults' }

/** Version 3 of a policy, with a trial; refuses documents with a member `bad`. */
export class FakePolicies implements PolicyService {
  readonly changes: PolicyChange[] = []

  async show(): Promise<PolicyView> {
    return {
      version: 3,
      revision: 'r2',
      document: { version: 1 },
      candidate: { revision: 'r3', share: 0.25, document: { version: 1 } },
      earlier: ['config', 'r1'],
      events: [{ action: 'rollout', revision: 3, share: 0.25, at: 1_700_000_000_000, by: 'ops', reason: 'why' }],
      findings: [WARNING],
      file: {
        path: '/etc/policy.yaml',
        revision: 'config-0123456789ab',
        readAt: 1_700_000_000_000,
        refused: { since: 1_700_000_000_000, because: 'there is no such key at /x', findings: [WARNING] },
      },
    }
  }

  lint(document: unknown): readonly PolicyFinding[] {
    return document === null ? [{ ...WARNING, severity: 'error' }] : [WARNING]
  }

  async dryRun(): Promise<PolicyEffect> {
    const providers = [{ provider: 'alpha', before: 1, after: 0 }]
    const moves = [{ first: '192.0.2.0', last: '192.0.2.255', before: ['alpha'], after: ['beta'], moved: 1 }]
    return {
      findings: [WARNING],
      space: [{ version: 4, servedBefore: 1, servedAfter: 0.5, moved: 0.5, providers, moves }],
      traffic: { decisions: 2, moved: 0.5, providers },
    }
  }

  put(document: unknown, change: PolicyChange): Promise<PolicyView> {
    if (typeof document === 'object' && document !== null && 'bad' in document) {
      throw new BrokerError('invalid_request', 'The policy is not valid.', {
        faults: [{ detail: 'there is no such key', pointer: '/document/bad' }],
      })
    }
    return this.#changed(change)
  }

  rollout(_: unknown, change: PolicyChange): Promise<PolicyView> {
    return this.#changed(change)
  }

  rollback(_: string | undefined, change: PolicyChange): Promise<PolicyView> {
    return this.#changed(change)
  }

  #changed(change: PolicyChange): Promise<PolicyView> {
    this.changes.push(change)
    if (change.expected !== undefined && change.expected !== 3) throw new BrokerError('revision_mismatch', 'changed')
    return this.show()
  }
}
