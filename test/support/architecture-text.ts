import { posix } from 'node:path'
import { identifierName, isSyntaxNode, memberName, type SourceFile, withoutLiterals } from './architecture-source.ts'
import { type Violation, violationAt } from './architecture-violation.ts'

const MAX_LINES = 400
const KEBAB_CASE = /^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.(?:property\.test|test|bench|d))?\.tsx?$/
const VAGUE = /^(?:utils?|helpers?|types?|misc|common|shared|index|stuff|lib)\.tsx?$/
const SUPPRESSION =
  /@ts-(?:ignore|expect-error|nocheck)|(?:eslint|oxlint)-(?:disable|enable)|biome-ignore|v8 ignore|istanbul ignore/g

/** Names that say nothing, or are not kebab-case. */
export function checkFileNames(files: readonly SourceFile[]): readonly Violation[] {
  return files.flatMap((file) => {
    const name = posix.basename(file.path)
    if (!KEBAB_CASE.test(name)) return [violationAt(file, 'file-name', 0, `${name} is not kebab-case`)]
    if (VAGUE.test(name)) return [violationAt(file, 'file-name', 0, `${name} does not say what it holds`)]
    return []
  })
}

/** Files too long to be read in one sitting. */
export function checkFileLengths(files: readonly SourceFile[]): readonly Violation[] {
  return files.flatMap((file) => {
    const lines = file.text.replace(/\n$/, '').split('\n').length
    return lines > MAX_LINES ? [violationAt(file, 'file-length', 0, `${lines} lines, more than ${MAX_LINES}`)] : []
  })
}

/** Comments that switch a check off. */
export function checkSuppressions(files: readonly SourceFile[]): readonly Violation[] {
  return files.flatMap((file) =>
    [...withoutLiterals(file).matchAll(SUPPRESSION)].map((match) =>
      violationAt(file, 'suppression', match.index, `${match[0]} switches a check off`),
    ),
  )
}

/** Type assertions other than `as const`. */
export function checkAssertions(files: readonly SourceFile[]): readonly Violation[] {
  return files.flatMap((file) =>
    file.nodes.flatMap((node) => {
      if (node.type !== 'TSAsExpression' && node.type !== 'TSTypeAssertion') return []
      const target = node['typeAnnotation']
      if (isSyntaxNode(target) && identifierName(target['typeName']) === 'const') return []
      return [violationAt(file, 'assertion', node.start, 'a type assertion that no check backs')]
    }),
  )
}

/** Tests that are left out, left alone or left for later; `skipIf` and `runIf` state a condition and are fine. */
export function checkLeftOutTests(files: readonly SourceFile[]): readonly Violation[] {
  return files.flatMap((file) =>
    file.nodes.flatMap((node) => {
      if (node.type === 'CallExpression' && /^[fx](?:it|describe|test)$/.test(identifierName(node['callee']) ?? '')) {
        return [violationAt(file, 'left-out-test', node.start, 'a test that is left out')]
      }
      if (node.type !== 'MemberExpression' || !/^(?:skip|only|todo|fails)$/.test(memberName(node) ?? '')) return []
      let object: unknown = node['object']
      while (isSyntaxNode(object) && object.type === 'MemberExpression') object = object['object']
      if (!/^(?:describe|it|test|suite|bench)$/.test(identifierName(object) ?? '')) return []
      return [violationAt(file, 'left-out-test', node.start, `.${memberName(node)} leaves tests out`)]
    }),
  )
}

/**
 * Conformance suites that name an implementation, which they must not know.
 *
 * @param implementations - names such as `redis`, compared without case, and with or without hyphens.
 */
export function checkConformanceNames(
  files: readonly SourceFile[],
  implementations: readonly string[],
): readonly Violation[] {
  const names = new RegExp(implementations.map((name) => name.replaceAll('-', '[-_ ]?')).join('|'), 'gi')
  return files
    .filter(({ path }) => path.startsWith('test/conformance/'))
    .flatMap((file) =>
      [...file.text.matchAll(names)].map((match) =>
        violationAt(file, 'conformance-name', match.index, `names the implementation ${match[0]}`),
      ),
    )
}
