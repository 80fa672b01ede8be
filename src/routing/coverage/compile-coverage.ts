import type { ColumnPlan } from './column-plan.ts'
import { planColumn } from './column-plan.ts'
import type { ColumnNode } from './compile-column.ts'
import { compileColumn } from './compile-column.ts'
import type { CoverageColumn, CoverageMap } from './coverage-map.ts'
import type { CoverageNode } from './coverage-node.ts'
import { joinNodes } from './coverage-node.ts'
import type { CoverageParts } from './create-coverage-map.ts'
import { buildCoverageTables, createCoverageMap } from './create-coverage-map.ts'
import type { CoverageGeo, FactSpace } from './fact-space.ts'
import { buildFactSpace, hasLayers } from './fact-space.ts'
import { joinColumns } from './join-columns.ts'
import { CoverageLimitError } from './outcome-interner.ts'

/** Everything that a map is made of. */
export interface CoverageInput {
  readonly columns: readonly CoverageColumn[]
  readonly geo: CoverageGeo
  /** Changes whenever the geo data does. */
  readonly geoVersion: string
}

/** Compiles the columns into a map. */
export function compileCoverage(input: CoverageInput): CoverageMap {
  return createCoverageMap(new CoverageCompiler().compile(input))
}

/** What of a map its columns alone make. */
export type EvaluatedCoverage = Omit<CoverageParts, 'tables'>

interface HeldColumn {
  readonly version: string
  readonly plan: ColumnPlan
  readonly node: ColumnNode
}

interface Joint {
  readonly right: CoverageNode
  readonly node: CoverageNode
}

interface SkippedColumn {
  readonly version: string
  readonly why: string
}

/** Compiles again and again, only what has changed since the last time. */
export class CoverageCompiler {
  #geoVersion: string | undefined
  #space: FactSpace | undefined
  #columns: ReadonlyMap<string, HeldColumn> = new Map()
  #skipped: ReadonlyMap<string, SkippedColumn> = new Map()
  /** Nodes side by side, by the left one; what a joint is made of stands before it. */
  #joints: ReadonlyMap<CoverageNode, Joint> = new Map()

  /** Compiles this column anew next time, whatever its version. */
  forget(id: string): void {
    this.#columns = filtered(this.#columns, (known) => known !== id)
    this.#skipped = filtered(this.#skipped, (known) => known !== id)
  }

  /** Another compiler that knows the same columns but these; what it compiles stays with it. */
  fork(without: Iterable<string>): CoverageCompiler {
    const fork = new CoverageCompiler()
    fork.#geoVersion = this.#geoVersion
    fork.#space = this.#space
    fork.#columns = this.#columns
    fork.#skipped = this.#skipped
    fork.#joints = this.#joints
    for (const id of without) fork.forget(id)
    return fork
  }

  compile(input: CoverageInput): CoverageParts {
    const evaluated = this.evaluate(input)
    return { ...evaluated, tables: buildCoverageTables(evaluated.joined) }
  }

  /** The same without the tables for look-ups. */
  evaluate({ columns, geo, geoVersion }: CoverageInput): EvaluatedCoverage {
    const versions = new Map(columns.map(({ id, version }) => [id, version]))
    const isWanted = (id: string, { version }: { readonly version: string }): boolean => versions.get(id) === version
    const isSameGeo = geoVersion === this.#geoVersion
    this.#geoVersion = geoVersion
    this.#columns = filtered(this.#columns, (id, column) => isSameGeo && isWanted(id, column))
    this.#skipped = filtered(this.#skipped, (id, column) => isSameGeo && isWanted(id, column))
    const plans = columns.map(({ id, footprints }) => this.#columns.get(id)?.plan ?? planColumn(footprints))
    const space = this.#spaceFor(plans, geo, isSameGeo)
    // What cannot be used again makes room first.
    this.#joints = stillMadeOf(this.#columns, this.#joints)
    for (;;) {
      try {
        return this.#join(columns, plans, space)
      } catch (error) {
        if (!(error instanceof CoverageLimitError)) throw error
        this.#skip(error, versions)
      }
    }
  }

  /** A space that tells what all plans look at; if the one at hand does not, nothing made of it can be used. */
  #spaceFor(plans: readonly ColumnPlan[], geo: CoverageGeo, isSameGeo: boolean): FactSpace {
    const sets = plans.flatMap(({ sourced }) => sourced.map(({ sources }) => sources))
    if (isSameGeo && this.#space !== undefined && hasLayers(this.#space, sets)) return this.#space
    this.#columns = new Map()
    this.#space = buildFactSpace(geo, sets)
    return this.#space
  }

  #join(columns: readonly CoverageColumn[], plans: readonly ColumnPlan[], space: FactSpace): EvaluatedCoverage {
    const held = new Map<string, HeldColumn>()
    for (const [i, { id, version }] of columns.entries()) {
      const plan = plans[i]
      if (plan === undefined || this.#skipped.has(id)) continue
      held.set(id, this.#columns.get(id) ?? { version, plan, node: compileColumn(id, plan, space) })
    }
    this.#columns = held
    const joints = new Map<CoverageNode, Joint>()
    const root = this.#joinAll(
      Array.from(held.values(), ({ node }) => node),
      joints,
    )
    this.#joints = joints
    // Finds the outcomes of the columns, too.
    const joined = joinColumns(root, space)
    return {
      columns: Array.from(held, ([id, { version, node }]) => ({ id, version, outcomes: node.outcomes() })),
      joined,
      skipped: Array.from(this.#skipped, ([id, { why }]) => ({ id, why })),
      geoVersion: this.#geoVersion ?? '',
    }
  }

  /** By halves, so that one changed column changes few joints. */
  #joinAll(nodes: readonly CoverageNode[], joints: Map<CoverageNode, Joint>): CoverageNode | undefined {
    if (nodes.length < 2) return nodes[0]
    const left = this.#joinAll(nodes.slice(0, nodes.length >> 1), joints)
    const right = this.#joinAll(nodes.slice(nodes.length >> 1), joints)
    if (left === undefined || right === undefined) return left ?? right
    const known = this.#joints.get(left)
    const joint = known?.right === right ? known : { right, node: joinNodes(left, right) }
    joints.set(left, joint)
    return joint.node
  }

  #skip({ column, message }: CoverageLimitError, versions: ReadonlyMap<string, string>): void {
    this.#skipped = new Map([...this.#skipped, [column, { version: versions.get(column) ?? '', why: message }]])
    this.#columns = filtered(this.#columns, (id) => id !== column)
    this.#joints = stillMadeOf(this.#columns, this.#joints)
  }
}

function filtered<V>(map: ReadonlyMap<string, V>, isKept: (id: string, value: V) => boolean): ReadonlyMap<string, V> {
  return new Map([...map].filter(([id, value]) => isKept(id, value)))
}

/** The joints of these columns alone. */
function stillMadeOf(
  columns: ReadonlyMap<string, HeldColumn>,
  joints: ReadonlyMap<CoverageNode, Joint>,
): ReadonlyMap<CoverageNode, Joint> {
  const nodes = new Set<CoverageNode>(Array.from(columns.values(), ({ node }) => node))
  const still = new Map<CoverageNode, Joint>()
  for (const [left, joint] of joints) {
    if (!nodes.has(left) || !nodes.has(joint.right)) continue
    nodes.add(joint.node)
    still.set(left, joint)
  }
  return still
}
