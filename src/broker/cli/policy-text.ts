import { stringify } from 'yaml'
import { relativeTime } from './cells.ts'
import type { EffectAnswer, FindingAnswer, PolicyAnswer, TrafficAnswer } from './policy-answers.ts'
import { printable } from './printable-text.ts'
import { renderTable } from './table.ts'
import type { Output } from './terminal.ts'

/** The policy in use, what is on trial, and what was done last. */
export function policyText(policy: PolicyAnswer, out: Output, now: number): string {
  const { revision, candidate, earlier, events, findings, document, file } = policy
  const trial =
    candidate === undefined ? '' : `; ${printable(candidate.revision)} is on trial with ${percent(candidate.share)}`
  const title = `${out.paint('bold', `Policy ${printable(revision)}`)}${trial}\n`
  const back = earlier.length === 0 ? '' : `Can be gone back to: ${printable(earlier.join(', '))}\n`
  const history = renderTable(
    [{ title: 'WHEN' }, { title: 'ACTION' }, { title: 'REVISION' }, { title: 'BY' }, { title: 'REASON', wraps: true }],
    events
      .slice(-10)
      .reverse()
      .map((one) => [
        relativeTime(one.at, now),
        one.share === undefined ? one.action : `${one.action} ${percent(one.share)}`,
        one.revision,
        one.by,
        one.reason ?? '',
      ]),
    out,
  )
  const text = stringify(document).split('\n').map(printable).join('\n')
  return [
    title,
    fileText(file, out),
    back,
    events.length === 0 ? '' : `\n${history}`,
    findingsText(findings, out),
    `\n${text}`,
  ].join('')
}

function fileText(file: PolicyAnswer['file'], out: Output): string {
  if (file === undefined) return ''
  const { path, revision, in_use: used, refused } = file
  const place = used
    ? `From the file ${path}`
    : `The file ${path} (${revision}) holds when all of these are rolled back`
  const why =
    refused === undefined
      ? ''
      : `${out.paint('red', printable(`Refused since ${refused.since}: ${refused.because}`))}\n`
  return `${printable(place)}\n${why}`
}

/** One line each; nothing where there is none. */
export function findingsText(findings: readonly FindingAnswer[], out: Output): string {
  return findings
    .map(({ severity, code, message, pointer }) => {
      const word = out.paint(severity === 'error' ? 'red' : 'yellow', printable(severity))
      return `${word} ${printable(`${code} at ${pointer === '' ? 'the whole' : pointer}: ${message}`)}\n`
    })
    .join('')
}

export function effectText({ findings, space, traffic }: EffectAnswer, out: Output): string {
  const parts = [findingsText(findings, out)]
  if (space === undefined) parts.push('There is no coverage map yet, so nothing can be said of address space.\n')
  for (const one of space ?? []) {
    const served = `${percent(one.served_before)} of it served before, ${percent(one.served_after)} after`
    parts.push(
      `${out.paint('bold', `IPv${one.ip_version}`)}: ${percent(one.moved)} of the served space moves; ${served}\n`,
    )
    parts.push(sharesText(one.providers, out))
    if (one.moves.length > 0) {
      parts.push(
        renderTable(
          [
            { title: 'FIRST' },
            { title: 'LAST' },
            { title: 'BEFORE' },
            { title: 'AFTER' },
            { title: 'MOVES', align: 'right' },
          ],
          one.moves.map((move) => [
            move.first,
            move.last,
            move.before.join(', '),
            move.after.join(', '),
            percent(move.moved),
          ]),
          out,
        ),
      )
    }
  }
  parts.push(
    traffic === undefined
      ? 'No decisions were recorded lately, so nothing can be said of traffic.\n'
      : trafficText(traffic, out),
  )
  return parts.join('')
}

export function trafficText({ decisions, moved, providers }: TrafficAnswer, out: Output): string {
  const title = `${out.paint('bold', 'Traffic')}: ${percent(moved)} of ${decisions} recorded decisions move\n`
  return `${title}${sharesText(providers, out)}`
}

function sharesText(providers: TrafficAnswer['providers'], out: Output): string {
  return renderTable(
    [{ title: 'CDN' }, { title: 'BEFORE', align: 'right' }, { title: 'AFTER', align: 'right' }],
    providers.map(({ provider, before, after }) => [provider, percent(before), percent(after)]),
    out,
  )
}

/** So that a small share is told from none. */
export function percent(share: number): string {
  if (share > 0 && share < 0.0001) return '< 0.01 %'
  return `${Math.round(share * 10_000) / 100} %`
}
