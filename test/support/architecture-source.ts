import { readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { parseAst } from 'vitest/node'

/** One node of a parsed file (ESTree with TypeScript); `start` and `end` are offsets into the text. */
export type SyntaxNode = { readonly type: string; readonly start: number; readonly end: number } & Readonly<
  Record<string, unknown>
>

/** One TypeScript file of the tree. */
export interface SourceFile {
  /** Path from the root of the tree, with `/`. */
  readonly path: string
  readonly text: string
  /** Every node, parents before children. */
  readonly nodes: readonly SyntaxNode[]
}

/** One place where a file names another module. */
export interface ModuleReference {
  readonly specifier: string
  readonly typeOnly: boolean
  /** Offset of the reference into the text. */
  readonly start: number
}

/** Whether a value is a syntax node. */
export function isSyntaxNode(value: unknown): value is SyntaxNode {
  return (
    typeof value === 'object' &&
    value !== null &&
    'type' in value &&
    typeof value.type === 'string' &&
    'start' in value &&
    typeof value.start === 'number'
  )
}

function collect(value: unknown, into: SyntaxNode[]): void {
  if (Array.isArray(value)) {
    for (const item of value) collect(item, into)
  } else if (isSyntaxNode(value)) {
    into.push(value)
    for (const child of Object.values(value)) collect(child, into)
  }
}

/** Parses one file. Throws the parser's error, with the path, when it is not TypeScript. */
export function parseSource(path: string, text: string): SourceFile {
  const nodes: SyntaxNode[] = []
  try {
    collect(parseAst(text, { lang: path.endsWith('x') ? 'tsx' : 'ts' }, path), nodes)
  } catch (cause) {
    throw new Error(`${path} cannot be parsed`, { cause })
  }
  return { path, text, nodes }
}

/** Parses every `.ts` and `.tsx` file below `root/folder`; none when the folder does not exist. */
export function readSources(root: string, folder: string): readonly SourceFile[] {
  let entries: string[]
  try {
    entries = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
  } catch {
    return []
  }
  return entries
    .filter((entry) => /\.tsx?$/.test(entry))
    .map((entry) => posix.join(folder, entry.replaceAll('\\', '/')))
    .toSorted()
    .map((path) => parseSource(path, readFileSync(join(root, path), 'utf8')))
}

/** The text of a string literal, or `undefined` for any other node. */
export function stringValue(node: unknown): string | undefined {
  return isSyntaxNode(node) && node.type === 'Literal' && typeof node['value'] === 'string' ? node['value'] : undefined
}

/** The name of an identifier, or `undefined` for any other node. */
export function identifierName(node: unknown): string | undefined {
  return isSyntaxNode(node) && node.type === 'Identifier' && typeof node['name'] === 'string' ? node['name'] : undefined
}

/** The name after the dot or in the brackets of `object.name` and `object['name']`. */
export function memberName(node: SyntaxNode): string | undefined {
  return node['computed'] === true ? stringValue(node['property']) : identifierName(node['property'])
}

function isImportMeta(node: unknown): boolean {
  return isSyntaxNode(node) && node.type === 'MetaProperty'
}

function firstArgument(node: SyntaxNode): unknown {
  return Array.isArray(node['arguments']) ? node['arguments'][0] : undefined
}

/** `new URL('./worker.ts', import.meta.url)` and `import.meta.resolve('./worker.ts')` load code like an import does. */
function codeAddress(node: SyntaxNode): string | undefined {
  if (node.type === 'NewExpression' && identifierName(node['callee']) === 'URL' && Array.isArray(node['arguments'])) {
    const base: unknown = node['arguments'][1]
    if (!isSyntaxNode(base) || !isImportMeta(base['object'])) return undefined
    const address = stringValue(firstArgument(node))
    return address !== undefined && /\.[cm]?[jt]sx?$/.test(address) ? address : undefined
  }
  if (node.type === 'CallExpression' && isSyntaxNode(node['callee'])) {
    const callee = node['callee']
    const loads =
      identifierName(callee) === 'require' || (isImportMeta(callee['object']) && memberName(callee) === 'resolve')
    return loads ? stringValue(firstArgument(node)) : undefined
  }
  return undefined
}

/** Every module that a file names: static, type-only, dynamic and re-exporting imports, and addresses of code. */
export function moduleReferences(file: SourceFile): readonly ModuleReference[] {
  return file.nodes.flatMap((node) => {
    const specifier = stringValue(node['source']) ?? codeAddress(node)
    if (specifier === undefined) return []
    const typeOnly = node.type === 'TSImportType' || node['importKind'] === 'type' || node['exportKind'] === 'type'
    return [{ specifier, typeOnly, start: node.start }]
  })
}

/** The path from the root that a relative specifier names, or `undefined` for a package. */
export function resolveReference(from: string, specifier: string): string | undefined {
  return /^\.{1,2}\//.test(specifier) ? posix.join(posix.dirname(from), specifier) : undefined
}

/** The text with every string, template and regular expression blanked out: code and comments stay in place. */
export function withoutLiterals(file: SourceFile): string {
  let text = file.text
  for (const node of file.nodes) {
    const isText = node.type === 'TemplateElement' || stringValue(node) !== undefined || node['regex'] !== undefined
    if (!isText) continue
    const blank = file.text.slice(node.start, node.end).replaceAll(/[^\n]/g, ' ')
    text = text.slice(0, node.start) + blank + text.slice(node.end)
  }
  return text
}
