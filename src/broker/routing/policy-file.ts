import { readFile, stat } from 'node:fs/promises'
import { z } from 'zod'
import type { PolicySurroundings } from '../../routing/policy-file/lint-policy.ts'
import { type PolicyDocument, type PolicyFinding, pointerTo } from '../../routing/policy-file/policy-document.ts'
import { ConfigError } from '../config/load-config.ts'
import type { Log } from '../log.ts'
import { decodeRecord, putRecord } from '../scopes/scope-store.ts'
import type { Store } from '../store/store.ts'
import { type JudgedPolicy, judgePolicy, judgePolicyText } from './policy-text.ts'

/** `routing.policy_file`: the last good content of a file that is read anew when it changes. */
export interface PolicyFile {
  current(): FilePolicy
  status(): PolicyFileStatus
  /** Reads the file if it has changed. Never throws. */
  check(): Promise<void>
}

export interface FilePolicy {
  /** `config-` and a digest of the document. */
  readonly revision: string
  readonly document: PolicyDocument
}

export interface PolicyFileStatus {
  readonly path: string
  readonly revision: string
  /** Milliseconds since the epoch; absent: it could not be read since the start, so what was kept is used. */
  readonly readAt?: number
  /** Why the file as it is now is not used. */
  readonly refused?: PolicyFileRefusal
}

export interface PolicyFileRefusal {
  /** Milliseconds since the epoch. */
  readonly since: number
  readonly because: string
  readonly findings: readonly PolicyFinding[]
}

export interface PolicyFileDeps {
  readonly path: string
  readonly store: Pick<Store, 'get' | 'commit'>
  readonly providers: PolicySurroundings['providers']
  readonly now: () => number
  readonly log: Log
}

const META_ID = 'policy-file'
const MAX_BYTES = 4 * 1024 * 1024
const KeptSchema = z.object({ v: z.literal(1), document: z.unknown() })

/**
 * Reads the file, and what was kept of it before. Throws `ConfigError` where neither can be used, since no policy at all
 * would drop licences and bans, and `StoreError`.
 */
export async function openPolicyFile(deps: PolicyFileDeps): Promise<PolicyFile> {
  const { path, store, log } = deps
  let current: FilePolicy | undefined
  let readAt: number | undefined
  let refused: PolicyFileRefusal | undefined
  let seen: string | undefined
  let keptRevision: string | undefined

  const surroundings = (): PolicySurroundings => ({ providers: deps.providers, now: deps.now() })

  function take(judged: JudgedPolicy): void {
    if ('because' in judged) {
      refuse(judged.because, judged.findings)
      return
    }
    const { document, revision, findings } = judged
    refused = undefined
    readAt = deps.now()
    if (current?.revision === revision) return
    current = { document, revision }
    log('policy.file_read', { file: path, revision, warnings: findings.length })
  }

  /** Tells each reason once. */
  function refuse(because: string, findings: readonly PolicyFinding[] = []): void {
    if (refused?.because === because) return
    refused = { since: deps.now(), because, findings }
    log('policy.file_refused', { file: path, reason: because, revision: current?.revision ?? 'none' })
  }

  async function read(): Promise<void> {
    try {
      const { mtimeMs, size, ino } = await stat(path)
      const stamp = `${mtimeMs} ${size} ${ino}`
      if (stamp === seen) return
      if (size > MAX_BYTES) throw new Error(`it has more than ${MAX_BYTES} bytes`)
      const text = await readFile(path, 'utf8')
      seen = stamp
      take(judgePolicyText(text, surroundings()))
    } catch (error) {
      // Whatever comes in its place is to be looked at.
      seen = undefined
      const reason = error instanceof Error && 'code' in error ? `it cannot be read (${String(error.code)})` : undefined
      refuse(reason ?? (error instanceof Error ? error.message : String(error)))
    }
  }

  /** For starts at which the file cannot be used. */
  async function keep(): Promise<void> {
    if (current === undefined || current.revision === keptRevision) return
    const { document, revision } = current
    try {
      await store.commit([putRecord('meta', META_ID, { v: 1, document }, 'any')])
      keptRevision = revision
    } catch (error) {
      log('policy.file_not_kept', { file: path, error: error instanceof Error ? error.message : String(error) })
    }
  }

  async function kept(): Promise<JudgedPolicy | undefined> {
    const record = await store.get('meta', META_ID)
    if (record === undefined) return undefined
    return judgePolicy(decodeRecord(KeptSchema, 'meta', META_ID, record.value).document, surroundings())
  }

  const before = await kept()
  if (before !== undefined && 'revision' in before) keptRevision = before.revision
  await read()
  if (current === undefined && before !== undefined && 'revision' in before) {
    const { document, revision } = before
    current = { document, revision }
    log('policy.file_restored', { file: path, revision })
  }
  const first = current ?? neither(path, refused)
  await keep()

  return {
    current: () => current ?? first,
    status: () => ({
      path,
      revision: (current ?? first).revision,
      ...(readAt === undefined ? {} : { readAt }),
      ...(refused === undefined ? {} : { refused }),
    }),
    async check() {
      await read()
      await keep()
    },
  }
}

function neither(path: string, refused: PolicyFileRefusal | undefined): never {
  const errors = refused?.findings.filter(({ severity }) => severity === 'error') ?? []
  throw new ConfigError(
    path,
    errors.length === 0
      ? [{ path: 'routing.policy_file', message: refused?.because ?? 'it cannot be used' }]
      : errors.map(({ pointer, message }) => ({ path: pointer || pointerTo(''), message })),
  )
}
