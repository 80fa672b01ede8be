import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type LabCdn, startLabCdn } from '../../src/lab/cdn.ts'
import type { LabCdnOptions, LabKind } from '../../src/lab/lab-config.ts'

export const API_TOKEN = 'test-api-token'
export const ACCOUNT_ID = '023e105f4ecef8ad9ca31a8372d0c353'

/** A folder that is gone when the test has finished. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'moq-broker-lab-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Options with any free ports and an advertisement that offers nothing. */
export function labCdnOptions(kind: LabKind, overrides: Partial<LabCdnOptions> = {}): LabCdnOptions {
  return {
    kind,
    name: 'cdn-test',
    host: '127.0.0.1',
    ports: { api: 0, fci: 0, relay: 0, admin: 0 },
    dataDir: overrides.dataDir ?? temporaryFolder(),
    apiToken: API_TOKEN,
    accountId: ACCOUNT_ID,
    advertisement: { capabilities: [] },
    ...overrides,
  }
}

export interface TestCdn extends LabCdn {
  /** Every log line, as JSON. */
  readonly logged: readonly string[]
  /** Calls the provisioning API with its token; `path` continues `apiUrl`. */
  readonly call: (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Answer>
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The body, or `undefined` where it is no JSON. */
  readonly json: unknown
}

/** Starts a CDN in this process and stops it when the test has finished. */
export async function startTestCdn(
  kind: LabKind,
  overrides: Partial<LabCdnOptions> & { readonly now?: () => number } = {},
): Promise<TestCdn> {
  const { now = Date.now, ...options } = overrides
  const logged: string[] = []
  const log = (event: string, fields: object): void => {
    logged.push(JSON.stringify({ event, ...fields }))
  }
  const cdn = await startLabCdn(labCdnOptions(kind, options), { now, log })
  let stopped = false
  const stop = async (): Promise<void> => {
    if (stopped) return
    stopped = true
    await cdn[Symbol.asyncDispose]()
  }
  onTestFinished(stop)
  return {
    ...cdn,
    logged,
    call: (method, path, body, headers) => callApi(`${cdn.apiUrl}${path}`, method, body, headers),
    [Symbol.asyncDispose]: stop,
  }
}

/** One request with the API token; a body that is not a string goes as JSON. */
export async function callApi(
  url: string,
  method: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(url, {
    method,
    headers: {
      authorization: `Bearer ${API_TOKEN}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    signal: AbortSignal.timeout(10_000),
  })
  const text = await response.text()
  return { status: response.status, headers: response.headers, text, json: parseJson(text) }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
