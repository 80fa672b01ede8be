import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { z } from 'zod'
import type { Grant, RelayDirectory } from '../moq/relay.ts'
import { type Instant, instantFromMs } from './instant.ts'
import { readJournal, type ScopeJournal, startJournal } from './scope-journal.ts'

const operation = z.enum(['publish', 'subscribe'])
const instant = z.number().int()

const labToken = z.object({
  id: z.string(),
  secret: z.string(),
  operations: z.array(operation).readonly(),
  created: instant,
  expires: instant.exactOptional(),
  label: z.string().exactOptional(),
})

const labScope = z.object({
  id: z.string(),
  label: z.string().exactOptional(),
  /** Unique among all scopes and ascending in order of creation. */
  created: instant,
  modified: instant,
  upstreams: z
    .object({ enabled: z.boolean().exactOptional(), urls: z.array(z.string()).readonly().exactOptional() })
    .readonly(),
  tokens: z.array(labToken.readonly()).readonly(),
  /** How the creation was asked for and answered, where the caller sent an idempotency key. */
  creation: z.object({ key: z.string(), fingerprint: z.string(), answer: z.string() }).readonly().exactOptional(),
})

const journalEntry = z.union([z.object({ put: labScope.readonly() }), z.object({ deleted: z.string() })])

type JournalEntry = z.infer<typeof journalEntry>

export type Operation = z.infer<typeof operation>
export type LabToken = Readonly<z.infer<typeof labToken>>
export type LabScope = Readonly<z.infer<typeof labScope>>

/** Makes the text of a token; what is inside is the vendor's business. */
export type IssueToken = (token: Omit<LabToken, 'secret'>, scopeId: string) => string

/**
 * The scopes of one lab CDN, kept in a journal. Every change is on disk when its method returns. It can be read from
 * the beginning; changes need `open`.
 */
export class ScopeRegistry implements RelayDirectory, Disposable {
  readonly #scopes = new Map<string, LabScope>()
  readonly #scopeIdByToken = new Map<string, string>()
  readonly #scopeIdByCreationKey = new Map<string, string>()
  readonly #journalPath: string
  #journal: ScopeJournal<JournalEntry> | undefined
  readonly #now: () => number
  readonly #issueToken: IssueToken
  #lastInstant: Instant = 0

  constructor(options: { readonly dataDir: string; readonly now: () => number; readonly issueToken: IssueToken }) {
    this.#now = options.now
    this.#issueToken = options.issueToken
    this.#journalPath = join(options.dataDir, 'scopes.jsonl')
    for (const entry of readJournal(this.#journalPath, journalEntry)) {
      if ('put' in entry) this.#remember(entry.put)
      else this.#forget(entry.deleted)
    }
  }

  /** Takes the journal over, compacted. Only for a process that knows it is the only one, since it holds the ports. */
  open(): void {
    this.#journal = startJournal(
      this.#journalPath,
      this.list().map((scope) => ({ put: scope })),
    )
  }

  get size(): number {
    return this.#scopes.size
  }

  /** Oldest first. */
  list(): readonly LabScope[] {
    return [...this.#scopes.values()]
  }

  get(id: string): LabScope | undefined {
    return this.#scopes.get(id)
  }

  /** The scope that was created with this idempotency key, if it still exists. */
  findByCreationKey(key: string): LabScope | undefined {
    const id = this.#scopeIdByCreationKey.get(key)
    return id === undefined ? undefined : this.#scopes.get(id)
  }

  /** A moment that no other call has been or will be given. */
  nextInstant(): Instant {
    this.#lastInstant = Math.max(instantFromMs(this.#now()), this.#lastInstant + 1)
    return this.#lastInstant
  }

  /** 32 hexadecimal digits that nobody can guess. */
  newId(): string {
    return randomBytes(16).toString('hex')
  }

  /** A token for a scope, not yet recorded. */
  newToken(scopeId: string, token: Pick<LabToken, 'operations' | 'expires' | 'label'>): LabToken {
    const described = { ...token, id: this.newId(), created: this.nextInstant() }
    return { ...described, secret: this.#issueToken(described, scopeId) }
  }

  /** Records a new scope or a changed one. */
  put(scope: LabScope): void {
    this.#append({ put: scope })
    this.#remember(scope)
  }

  delete(id: string): void {
    this.#append({ deleted: id })
    this.#forget(id)
  }

  authorize(secret: string): Grant | undefined {
    const scopeId = this.#scopeIdByToken.get(secret)
    if (scopeId === undefined) return undefined
    const token = this.#scopes.get(scopeId)?.tokens.find((candidate) => candidate.secret === secret)
    if (token === undefined) return undefined
    if (token.expires !== undefined && token.expires <= instantFromMs(this.#now())) return undefined
    const { operations } = token
    return { scopeId, publish: operations.includes('publish'), subscribe: operations.includes('subscribe') }
  }

  upstreams(scopeId: string): readonly string[] {
    const { enabled, urls } = this.#scopes.get(scopeId)?.upstreams ?? {}
    return enabled === true && urls !== undefined ? urls : []
  }

  [Symbol.dispose](): void {
    this.#journal?.[Symbol.dispose]()
  }

  #append(entry: JournalEntry): void {
    if (this.#journal === undefined) throw new Error('the scope registry is not open for changes')
    this.#journal.append(entry)
  }

  #remember(scope: LabScope): void {
    this.#forgetTokens(scope.id)
    this.#scopes.set(scope.id, scope)
    for (const token of scope.tokens) this.#scopeIdByToken.set(token.secret, scope.id)
    if (scope.creation !== undefined) this.#scopeIdByCreationKey.set(scope.creation.key, scope.id)
    const newest = Math.max(scope.modified, ...scope.tokens.map((token) => token.created))
    this.#lastInstant = Math.max(this.#lastInstant, newest)
  }

  #forget(id: string): void {
    const creationKey = this.#scopes.get(id)?.creation?.key
    if (creationKey !== undefined) this.#scopeIdByCreationKey.delete(creationKey)
    this.#forgetTokens(id)
    this.#scopes.delete(id)
  }

  #forgetTokens(scopeId: string): void {
    for (const token of this.#scopes.get(scopeId)?.tokens ?? []) this.#scopeIdByToken.delete(token.secret)
  }
}
