import {
  identifierName,
  isSyntaxNode,
  memberName,
  type SourceFile,
  type SyntaxNode,
  stringValue,
} from './architecture-source.ts'
import { type Violation, violationAt } from './architecture-violation.ts'

/** Where the environment, the clock and randomness may be read; everything else is handed what it needs. */
export const AMBIENT_ROOTS: readonly RegExp[] = [
  /^src\/broker\/config\//,
  /^src\/broker\/cli\//,
  /^src\/broker\/app\.ts$/,
  /^src\/lab\/main\.ts$/,
]

/** Where the console may be written to. */
export const CONSOLE_ROOTS: readonly RegExp[] = [/^src\/broker\/cli\//, /^src\/lab\/main\.ts$/]

/** What may ask where it lies: once built, that is a folder of bundles. */
const LOCATED_FILES: ReadonlySet<string> = new Set([
  'src/broker/program-file.ts',
  'src/broker/version.ts',
  'src/broker/what-if/world-shapes.ts',
])

const AMBIENT_MEMBERS: Readonly<Record<string, readonly string[]>> = {
  process: ['env'],
  Date: ['now'],
  Math: ['random'],
}

/** The name that a global goes by: `Date` for `Date` and for `globalThis.Date`. */
function globalName(node: unknown): string | undefined {
  if (!isSyntaxNode(node)) return undefined
  if (node.type === 'MemberExpression' && identifierName(node['object']) === 'globalThis') return memberName(node)
  return identifierName(node)
}

function patternKeys(pattern: unknown): readonly string[] {
  if (!isSyntaxNode(pattern) || pattern.type !== 'ObjectPattern' || !Array.isArray(pattern['properties'])) return []
  return pattern['properties'].flatMap((property: unknown) =>
    isSyntaxNode(property) ? (identifierName(property['key']) ?? stringValue(property['key']) ?? []) : [],
  )
}

function ambientMember(object: string | undefined, member: string | undefined): string | undefined {
  if (object === undefined || member === undefined) return undefined
  return AMBIENT_MEMBERS[object]?.includes(member) ? `${object}.${member}` : undefined
}

function ambientUse(node: SyntaxNode): string | undefined {
  switch (node.type) {
    case 'MemberExpression':
      return ambientMember(globalName(node['object']), memberName(node))
    case 'VariableDeclarator':
      return patternKeys(node['id'])
        .map((key) => ambientMember(globalName(node['init']), key))
        .find((found) => found !== undefined)
    case 'ImportDeclaration': {
      if (!/^(?:node:)?process$/.test(stringValue(node['source']) ?? '')) return undefined
      const names = Array.isArray(node['specifiers']) ? node['specifiers'].filter(isSyntaxNode) : []
      return names.some((name) => identifierName(name['imported']) === 'env') ? 'process.env' : undefined
    }
    case 'NewExpression':
      return globalName(node['callee']) === 'Date' && Array.isArray(node['arguments']) && node['arguments'].length === 0
        ? 'new Date()'
        : undefined
    case 'CallExpression':
      return globalName(node['callee']) === 'Date' ? 'Date()' : undefined
    default:
      return undefined
  }
}

/** Reads of the environment, the clock or randomness outside the composition roots. */
export function checkAmbientReads(files: readonly SourceFile[]): readonly Violation[] {
  return files
    .filter(({ path }) => !AMBIENT_ROOTS.some((root) => root.test(path)))
    .flatMap((file) =>
      file.nodes.flatMap((node) => {
        const found = ambientUse(node)
        return found === undefined ? [] : [violationAt(file, 'ambient', node.start, `${found} must be handed in`)]
      }),
    )
}

/** `import.meta` outside the files that know the built program's folders. */
export function checkLocations(files: readonly SourceFile[]): readonly Violation[] {
  return files
    .filter(({ path }) => !LOCATED_FILES.has(path))
    .flatMap((file) =>
      file.nodes
        .filter(({ type }) => type === 'MetaProperty')
        .map((node) =>
          violationAt(file, 'location', node.start, 'is elsewhere once built: see broker/program-file.ts'),
        ),
    )
}

/** Console output outside the programs' own files. */
export function checkConsole(files: readonly SourceFile[]): readonly Violation[] {
  return files
    .filter(({ path }) => !CONSOLE_ROOTS.some((root) => root.test(path)))
    .flatMap((file) =>
      file.nodes
        .filter((node) => node.type === 'MemberExpression' && globalName(node['object']) === 'console')
        .map((node) => violationAt(file, 'console', node.start, 'log through what was handed in')),
    )
}
