import { mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { pino } from 'pino'
import { createLogWriter, logFile } from './log-writer.ts'

export type LogFields = Readonly<Record<string, string | number | boolean>>

/** One line per event: a dotted name and flat fields. */
export type Log = (event: string, fields?: LogFields) => void

export interface LogOptions {
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent'
  /** Where lines go: a file, or the process's own output. */
  readonly destination: { readonly file: string } | 'stdout'
}

/** One answered request, never its URL. */
export interface AccessLine {
  readonly method: string
  /** Route pattern such as `/moq/scopes/:id`, or `unmatched`. */
  readonly route: string
  readonly status: number
  readonly durationMs: number
  /** 1 to 128 of `A-Z a-z 0-9 . _ -`. */
  readonly requestId: string
  /** Id of the API key. */
  readonly key?: string
}

export interface ProcessLog {
  readonly log: Log
  /** The same line as `log('request', line)`, at a fraction of its cost: there is one for every look-up. `at`: milliseconds since the epoch. */
  readonly access: (line: AccessLine, at: number) => void
  /** Writes out what is still held back. */
  flush(): void
}

/** Events that an operator should be woken for, or at least see in red. */
const ERRORS = new Set([
  'operation.crashed',
  'operation.step_crashed',
  'loop.failed',
  'request.failed',
  'process.failed',
  'drill.crashed',
  'health.judgement_failed',
])
const WARNINGS = new Set([
  'operation.store_unavailable',
  'advertisement.failed',
  'health.changed',
  'store.warning',
  'failover.withheld',
  'failover.failed',
  'failover.round_failed',
  'canary.scope_unavailable',
  'canary.scope_unread',
  'drill.not_stored',
  'drill.renewal_failed',
  'drill.recovery_failed',
  'drill.overlay_unread',
  'subscription.failed',
])

/**
 * JSON lines (pino). Callers hand in no secrets; this is the net below them: whatever looks like a token, a key or a
 * URL that may hold one is cut before it is written.
 */
export function openLog(options: LogOptions): ProcessLog {
  const writer = createLogWriter(logFile(openDestination(options.destination)))
  const logger = pino({ level: options.level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, writer)
  return {
    log(event, fields = {}) {
      const line = { event, ...cutSecrets(fields) }
      if (ERRORS.has(event)) logger.error(line)
      else if (WARNINGS.has(event)) logger.warn(line)
      else logger.info(line)
    },
    access: logger.isLevelEnabled('info') ? (line, at) => writer.writeSoon(accessText(line, at)) : () => {},
    flush() {
      writer.flush()
    },
  }
}

/** What pino makes of such a line. */
export function accessText(line: AccessLine, at: number): string {
  const { method, route, status, durationMs, requestId, key } = line
  const whose = key === undefined ? '' : keyMember(key)
  return `{"level":30,"time":"${isoTime(at)}","event":"request","method":"${method}","route":"${route}","status":${status},"durationMs":${durationMs},"requestId":"${cutId(requestId)}"${whose}}\n`
}

let lastKey: string | undefined
let lastKeyMember = ''

/** The same key comes with most requests that follow each other. */
function keyMember(key: string): string {
  if (key !== lastKey) {
    lastKey = key
    lastKeyMember = `,"key":${JSON.stringify(cutSecretText(key))}`
  }
  return lastKeyMember
}

let lastSecond = Number.NaN
/** Up to the milliseconds. */
let lastTime = ''

function isoTime(at: number): string {
  const second = Math.floor(at / 1000)
  if (second !== lastSecond) {
    lastSecond = second
    lastTime = new Date(second * 1000).toISOString().slice(0, -4)
  }
  const ms = Math.floor(at) - second * 1000
  return `${lastTime}${ms < 10 ? '00' : ms < 100 ? '0' : ''}${ms}Z`
}

/** An id may be the caller's own, and hold whatever fits into its form: keys and tokens do, URLs do not. */
function cutId(id: string): string {
  return id.includes('eyJ') || id.includes('mqb_') ? cutSecretText(id) : id
}

function openDestination(destination: LogOptions['destination']): number {
  if (destination === 'stdout') return 1
  mkdirSync(dirname(destination.file), { recursive: true })
  return openSync(destination.file, 'a')
}

const MEDIA_URL = /\b(moqt|wss?|https?|rediss?):\/\/(?:[^@/\s"]*@)?([^/?#\s"]+)[^\s"]*/gi
const JWT = /\beyJ[\w-]{5,}(?:\.[\w-]+)*/g
const API_KEY = /\bmqb_\w+/g
const BEARER = /\bbearer\s+\S+/gi

/** The text without tokens, keys, and everything of a URL behind its host. */
export function cutSecretText(text: string): string {
  return text
    .replace(MEDIA_URL, '$1://$2')
    .replace(JWT, '<token>')
    .replace(API_KEY, '<key>')
    .replace(BEARER, 'Bearer <token>')
}

function cutSecrets(fields: LogFields): LogFields {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [key, typeof value === 'string' ? cutSecretText(value) : value]),
  )
}
