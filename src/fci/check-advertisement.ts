import type { Advertisement } from './advertisement.ts'
import { AdvertisementError } from './advertisement-error.ts'
import { isJsonList, isJsonObject } from './canonical-json.ts'
import type { CapabilitySummary } from './capability-summary.ts'
import { summarizeCapabilities } from './capability-summary.ts'
import type { CoverageSummary } from './coverage-summary.ts'
import { summarizeCoverage } from './coverage-summary.ts'
import type { DiagnosticCode } from './diagnostic-clauses.ts'
import type { Finding } from './findings.ts'
import { findingsOf } from './findings.ts'
import { parseJsonText } from './json-text.ts'
import { deliveryFootprint, moqFootprint } from './moq-capability.ts'
import { parseAdvertisement } from './parse-advertisement.ts'
import type { ReadOptions } from './reading.ts'

/** `array`: the list of advertisements that Open Caching pushes. */
export type Envelope = 'rfc8008' | 'rfc9241' | 'array'

export interface AdvertisementReport {
  readonly kind: 'advertisement'
  readonly envelope?: Envelope
  /** In the order of the text; the list is bounded. */
  readonly findings: readonly Finding[]
  /** What we would understand; absent if the document is refused as a whole. */
  readonly understood?: {
    readonly capabilities: readonly CapabilitySummary[]
    /** Where MoQ is served; absent if it nowhere says that it serves MoQ. */
    readonly moq?: CoverageSummary
    /** Where anything is delivered; absent for an empty advertisement. */
    readonly delivery?: CoverageSummary
    readonly model: Advertisement
  }
}

/** Deep enough for every advertisement, as when one is fetched. */
const MAX_DEPTH = 64
const MAX_LENGTH = 64 * 1024 * 1024

/** Reads the text of an advertisement as a broker would and tells what it made of it. Never throws for its content. */
export function checkAdvertisement(text: string, options: ReadOptions): AdvertisementReport {
  try {
    const document = parseJsonText(text, { maxLength: options.maxLength ?? MAX_LENGTH, maxDepth: MAX_DEPTH })
    const model = readEnvelope(document, options)
    const moq = moqFootprint(model)
    const delivery = deliveryFootprint(model)
    return {
      kind: 'advertisement',
      envelope: envelopeOf(document),
      findings: findingsOf(model.diagnostics, text),
      understood: {
        capabilities: summarizeCapabilities(model.capabilities),
        ...(moq && { moq: summarizeCoverage(moq) }),
        ...(delivery && { delivery: summarizeCoverage(delivery) }),
        model,
      },
    }
  } catch (error) {
    if (!(error instanceof AdvertisementError)) throw error
    const code: DiagnosticCode = error.fault
    const { pointer, message } = error
    return { kind: 'advertisement', findings: findingsOf([{ severity: 'error', code, pointer, message }], undefined) }
  }
}

function envelopeOf(document: unknown): Envelope {
  if (isJsonList(document)) return 'array'
  return isJsonObject(document) && document['cdni-advertisement'] !== undefined ? 'rfc9241' : 'rfc8008'
}

/** Several advertisements in an array count as one that says what they say together. */
function readEnvelope(document: unknown, options: ReadOptions): Advertisement {
  if (!isJsonList(document)) return parseAdvertisement(document, options)
  if (document.length === 0) throw new AdvertisementError('not-an-advertisement', '', 'the array is empty')
  const read = document.map((one, i) => {
    try {
      return parseAdvertisement(one, options)
    } catch (error) {
      if (!(error instanceof AdvertisementError)) throw error
      throw new AdvertisementError(error.fault, `/${i}${error.pointer}`, `advertisement ${i} of the array is none`)
    }
  })
  return {
    capabilities: read.flatMap(({ capabilities }) => capabilities),
    diagnostics: read.flatMap(({ diagnostics }, i) =>
      diagnostics.map((diagnostic) => ({ ...diagnostic, pointer: `/${i}${diagnostic.pointer}` })),
    ),
  }
}
