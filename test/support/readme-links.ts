import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

const LINK = /\]\(([^)\s]+)\)/g
const CODE = /^```[\s\S]*?^```|`[^`\n]*`/gm

/**
 * Links of a Markdown file that lead nowhere, as `file: link`. Those of other sites are not looked at.
 *
 * @param file - relative to `root`.
 */
export function brokenLinks(root: string, file: string): readonly string[] {
  return [...readFileSync(join(root, file), 'utf8').replace(CODE, '').matchAll(LINK)]
    .map((match) => match[1] ?? '')
    .filter((link) => !/^[a-z]+:/.test(link))
    .filter((link) => !leadsSomewhere(root, file, link))
    .map((link) => `${file}: ${link}`)
}

function leadsSomewhere(root: string, file: string, link: string): boolean {
  const [path = '', anchor] = link.split('#')
  const target = path === '' ? join(root, file) : join(root, dirname(file), path)
  if (relative(root, target).startsWith('..') || !existsSync(target)) return false
  if (anchor === undefined) return true
  return statSync(target).isFile() && anchorsIn(readFileSync(target, 'utf8')).has(anchor)
}

/** As GitHub makes them from headings, and those set by hand. */
function anchorsIn(markdown: string): ReadonlySet<string> {
  const headings = [...markdown.matchAll(/^#+ (.*)$/gm)].map((match) => slugOf(match[1] ?? ''))
  const byHand = [...markdown.matchAll(/<a id="([^"]+)">/g)].map((match) => match[1] ?? '')
  return new Set([...headings, ...byHand])
}

function slugOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .trim()
    .replaceAll(' ', '-')
}
