import { AdvertisementError } from './advertisement-error.ts'
import type { CoverageSummary } from './coverage-summary.ts'
import { summarizeCoverage } from './coverage-summary.ts'
import type { DiagnosticCode } from './diagnostic-clauses.ts'
import type { Finding } from './findings.ts'
import { findingsOf } from './findings.ts'
import type { NamedDocument, NamedFootprint } from './named/named-footprint.ts'
import { parseNamedDocumentText } from './named/read-named-document.ts'
import type { ReadOptions } from './reading.ts'

/** One named footprint as we understand it. */
export interface NamedSummary {
  /** Absent for a footprint sent alone. */
  readonly namespace?: string
  /** 0: a root. */
  readonly level: number
  readonly name: string
  readonly uri?: string
  /** Milliseconds since the epoch. */
  readonly expiresAt?: number
  readonly coverage: CoverageSummary
}

export interface NamedReport {
  readonly kind: 'footprints'
  readonly findings: readonly Finding[]
  /** The first thousand, parents before their children; absent if the document is refused as a whole. */
  readonly understood?: readonly NamedSummary[]
}

const MAX_SUMMARIES = 1000

/** Reads a footprint advertisement ([NF] 4.2) as a broker would and tells what it made of it. */
export function checkNamedDocument(text: string, options: ReadOptions): NamedReport {
  try {
    const document = parseNamedDocumentText(text, options)
    return {
      kind: 'footprints',
      findings: findingsOf(document.diagnostics, text),
      understood: summarize(document).slice(0, MAX_SUMMARIES),
    }
  } catch (error) {
    if (!(error instanceof AdvertisementError)) throw error
    const code: DiagnosticCode = error.fault
    const { pointer, message } = error
    return { kind: 'footprints', findings: findingsOf([{ severity: 'error', code, pointer, message }], undefined) }
  }
}

function summarize(document: NamedDocument): readonly NamedSummary[] {
  switch (document.kind) {
    case 'namespaces':
      return document.namespaces.flatMap(({ name, roots }) => roots.flatMap((root) => summariesOf(root, 0, name)))
    case 'namespace': {
      const { name, roots } = document.namespace
      return roots.flatMap((root) => summariesOf(root, 0, name))
    }
    case 'footprint':
      return summariesOf(document.footprint, 0, undefined)
  }
}

function summariesOf(footprint: NamedFootprint, level: number, namespace: string | undefined): readonly NamedSummary[] {
  const { name, uri, expiresAt, definition, children } = footprint
  return [
    {
      ...(namespace === undefined ? {} : { namespace }),
      level,
      name,
      ...(uri === undefined ? {} : { uri }),
      ...(expiresAt === undefined ? {} : { expiresAt }),
      coverage: summarizeCoverage(definition),
    },
    ...children.flatMap((child) => summariesOf(child, level + 1, namespace)),
  ]
}
