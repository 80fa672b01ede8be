/** One instruction, such as `COPY` with its arguments; continued lines are joined. */
export interface DockerInstruction {
  readonly keyword: string
  readonly argument: string
}

/** One stage: from a `FROM` to the next. */
export type DockerStage = readonly DockerInstruction[]

/** Splits a Dockerfile into its stages, without comments. */
export function parseDockerfile(text: string): readonly DockerStage[] {
  const stages: DockerInstruction[][] = []
  for (const line of text.replaceAll(/\\\n\s*/g, '').split('\n')) {
    const match = /^([A-Z]+)\s+(.*)$/.exec(line)
    if (match?.[1] === undefined || match[2] === undefined) {
      if (!/^(?:#.*)?$/.test(line)) throw new Error(`not an instruction: ${line}`)
      continue
    }
    if (match[1] === 'FROM') stages.push([])
    stages.at(-1)?.push({ keyword: match[1], argument: match[2] })
  }
  return stages
}

/** The arguments of every instruction of one kind, in order. */
export function argumentsOf(stage: DockerStage, keyword: string): readonly string[] {
  return stage.filter((instruction) => instruction.keyword === keyword).map(({ argument }) => argument)
}
