import { join } from 'node:path'
import { startLab } from '../../lab/lab.ts'
import type { RunningLabCdn } from '../../lab/lab-member.ts'
import { deathNotice } from './death-notice.ts'
import { labProgram } from './lab-program.ts'
import type { LabInput } from './process-commands.ts'
import { createProgress } from './progress.ts'
import { failureOfStart } from './start-failure.ts'
import { stopOnSignals, untilAborted } from './stop-on-signals.ts'
import { renderFacts } from './table.ts'
import type { Cli, Output } from './terminal.ts'

/** Runs the lab's CDNs until a signal. Throws `CliFailure`. */
export async function runLab({ data, host, firstPort }: LabInput, cli: Cli): Promise<void> {
  using stopping = stopOnSignals()
  const progress = createProgress(cli.err)
  try {
    progress.say('starting three CDNs')
    await using lab = await startLab({
      dataDir: data,
      host,
      ...labProgram(),
      ...(firstPort === undefined ? {} : { firstPort }),
      now: cli.now,
      log: () => undefined,
    })
    lab.onExit((exit) => progress.tell(deathNotice(exit, cli.err)))
    progress.clear()
    cli.out.write(labText(lab.cdns, { data, out: cli.out }))
    await untilAborted(stopping.signal)
    progress.say('stopping the CDNs')
  } catch (error) {
    throw failureOfStart(error, { port: '--first-port N', data: '--data DIR' })
  } finally {
    progress.clear()
  }
  cli.out.write(`Stopped. Ports, tokens and scopes stay in ${data}.\n`)
}

function labText(
  cdns: readonly RunningLabCdn[],
  { data, out }: { readonly data: string; readonly out: Output },
): string {
  const blocks = cdns.map((cdn) => {
    const title = `${out.paint('bold', cdn.name)}  ${cdn.kind}\n`
    const facts = renderFacts(
      [
        ['API', cdn.apiUrl],
        ['advertisement', cdn.fciUrl],
        ['relay', cdn.relayUrl],
        ['fault dial', `${cdn.adminUrl}/fault`],
        ['account', cdn.kind === 'cloudflare' ? cdn.accountId : undefined],
      ],
      out,
      { indent: '  ' },
    )
    return title + facts
  })
  const files = `API tokens: ${join(data, 'lab.json')}   Logs: ${join(data, 'cdn-*', 'log.jsonl')}\n`
  return `${blocks.join('\n')}\n${files}${out.paint('dim', 'Ctrl-C stops them.')}\n`
}
