import type { DecisionAnswer } from './api-answers.ts'
import type { ProblemAnswer } from './api-problem.ts'
import { ageInWords } from './duration.ts'
import { printable } from './printable-text.ts'
import { type Cell, renderTable } from './table.ts'
import type { Output } from './terminal.ts'

/** One decision: the candidates in order, then what `--explain` adds. */
export function decisionText(decision: DecisionAnswer, out: Output): string {
  const { client, candidates, rejected = [] } = decision
  const first = candidates[0]?.provider
  const title =
    first === undefined
      ? `${out.paint('bold', printable(client))}  ${out.paint('red', 'no CDN may serve this client')}`
      : `${out.paint('bold', printable(client))} → ${out.paint('green', printable(first))}`
  const parts = [`${title}  ${out.paint('dim', `(good for ${decision.ttl_seconds} s)`)}\n`]
  if (decision.panic) parts.push(out.paint('yellow', 'Every CDN that could serve is down, so health is ignored.'), '\n')
  if (candidates.length > 0) {
    parts.push(
      '\n',
      renderTable(
        [
          { title: '#', align: 'right' },
          { title: 'CDN' },
          { title: 'MATCHED' },
          { title: 'PRIORITY', align: 'right' },
          { title: 'WEIGHT', align: 'right' },
          { title: 'BECAUSE', wraps: true },
        ],
        candidates.map((one, index) => [
          String(index + 1),
          one.provider,
          matchText(one.matched),
          String(one.priority),
          String(one.weight),
          reasonsText(one),
        ]),
        out,
      ),
    )
  }
  const urls = candidates.flatMap((one) => {
    if (one.connect_url !== undefined) return [`  ${printable(`${one.provider}  ${one.connect_url}`)}\n`]
    return one.connect_url_withheld === undefined
      ? []
      : [`  ${printable(`${one.provider}  withheld: ${one.connect_url_withheld}`)}\n`]
  })
  if (urls.length > 0) parts.push('\nConnect (these URLs hold tokens):\n', ...urls)
  if (rejected.length > 0) {
    parts.push(
      '\n',
      renderTable(
        [{ title: 'NOT' }, { title: 'RULE' }, { title: 'BECAUSE', wraps: true }],
        rejected.map((one) => [one.provider, { text: one.rule, format: 'yellow' }, one.because]),
        out,
      ),
    )
  }
  const origins = originLines(decision)
  if (origins.length > 0) parts.push('\n', ...origins.map((line) => `${out.paint('dim', printable(line))}\n`))
  return parts.join('')
}

/** First why it is not one place further up, which is what is asked most. */
function reasonsText({ because = [], behind }: DecisionAnswer['candidates'][number]): string {
  return [...(behind === undefined ? [] : [`behind ${behind.provider}: ${behind.because}`]), ...because].join('; ')
}

/** What the answer was made of, and for whom else it holds. */
function originLines({ coverage, policy, versions, advertisements = [] }: DecisionAnswer): readonly string[] {
  const used = advertisements.map(
    ({ provider, version, age_seconds: age, stale }) =>
      `${provider} ${shortVersion(version)} (${ageInWords(age * 1_000)} old${stale ? ', stale' : ''})`,
  )
  const geo = versions?.geo.map(({ name, version }) => `${name} ${shortVersion(version)}`) ?? []
  return [
    ...(coverage === undefined ? [] : coverageLines(coverage)),
    ...(policy === undefined ? [] : [`Policy: ${policy}${geo.length === 0 ? '' : `. Geo data: ${geo.join(', ')}`}`]),
    ...(used.length === 0 ? [] : [`Advertisements: ${used.join(', ')}`]),
  ]
}

function coverageLines(coverage: NonNullable<DecisionAnswer['coverage']>): readonly string[] {
  const { class: classId, prefix, answer_prefix: same, map, age_seconds: age, kept, read_plainly: plain } = coverage
  const made = `${ageInWords(age * 1_000)} old${kept ? ', kept from before the last start' : ''}`
  return [
    `The same for all of ${same}`,
    `Coverage map ${map} (${made}): class ${classId}, here ${prefix}`,
    ...(plain.length === 0 ? [] : [`Not in this map yet, so read plainly: ${plain.join(', ')}`]),
  ]
}

/** Long enough to tell versions apart. */
function shortVersion(version: string): string {
  return version.slice(0, 12)
}

/** Several decisions: one line each, or each in full where it is to be explained or to be connected to. */
export function decisionsText(
  asked: readonly string[],
  answers: readonly (DecisionAnswer | ProblemAnswer)[],
  out: Output,
  { urls, explain }: { readonly urls: boolean; readonly explain: boolean },
): string {
  if (urls || explain) {
    return answers
      .map((answer, index) =>
        'title' in answer ? `${printable(asked[index] ?? '')}: ${problemText(answer)}\n` : decisionText(answer, out),
      )
      .join('\n')
  }
  return renderTable(
    [{ title: 'CLIENT' }, { title: 'CDN' }, { title: 'MATCHED' }, { title: 'THEN', wraps: true }],
    answers.map((answer, index) => {
      if ('title' in answer) return [asked[index] ?? '', { text: 'refused', format: 'red' }, '', problemText(answer)]
      const [first, ...others] = answer.candidates
      if (first === undefined) return [answer.client, { text: 'none', format: 'red' }, '', '']
      const provider: Cell = { text: first.provider, format: 'green' }
      return [answer.client, provider, matchText(first.matched), others.map((one) => one.provider).join(', ')]
    }),
    out,
  )
}

function matchText({ type, value }: DecisionAnswer['candidates'][number]['matched']): string {
  return value === '' || value === type ? type : `${type} ${value}`
}

function problemText({ title, detail }: ProblemAnswer): string {
  return printable(detail ?? title)
}
