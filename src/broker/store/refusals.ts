import { type Change, type Expectation, type Lease, StoreError } from './store.ts'

type RecordChange = Exclude<Change, { kind: 'event' }>

/** The `conflict` of a change that found the record at `revision`; 0: there is none. */
export function conflictError({ collection, id, expect }: RecordChange, revision: number): StoreError {
  const found = revision === 0 ? 'does not exist' : `is at revision ${revision}`
  return new StoreError(
    'conflict',
    `The record ${collection}/${id} ${found}, but the commit expected ${inWords(expect)}. Nothing was written; read it again.`,
  )
}

function inWords(expect: Expectation): string {
  if (expect === 'any') return 'any revision'
  return expect === 'absent' ? 'none' : `revision ${expect.revision}`
}

/** The `fenced` error of a commit under a lease that is not the newest or has run out. */
export function fencedError({ name, holder, token }: Lease): StoreError {
  return new StoreError(
    'fenced',
    `The lease ${name} with token ${token} is no longer held by ${holder}. Nothing was written; acquire it again.`,
  )
}
