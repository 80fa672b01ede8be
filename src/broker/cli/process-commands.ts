import type { Command } from 'commander'
import { z } from 'zod'
import { describeInput, readInput } from './command-input.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import type { Cli } from './terminal.ts'

const Port = z
  .string()
  .regex(/^\d{1,5}$/, 'must be a number from 0 to 65535')
  .transform(Number)
  .refine((port) => port <= 65_535, 'must be a number from 0 to 65535')
const Folder = z.string().min(1, 'must name a folder')
const Host = z.string().min(1, 'must be an address or a host name')

/** `host:port` or `[v6]:port`. */
const Listen = z.string().transform((text, context) => {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text)
  const host = match?.[1] ?? match?.[2]
  const port = Number(match?.[3])
  if (host !== undefined && port <= 65_535) return { host, port }
  context.addIssue({ code: 'custom', message: 'must be HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080' })
  return z.NEVER
})

const StartInput = z.object({
  config: z.string().optional(),
  data: Folder.default('data'),
  port: Port.optional(),
  host: Host.optional(),
  firstPort: Port.optional(),
  newAdminKey: z.boolean().default(false),
})
export type StartInput = z.infer<typeof StartInput>

const ServeInput = z.object({ config: z.string('name the configuration file'), listen: Listen.optional() })
export type ServeInput = z.infer<typeof ServeInput>

const LabInput = z.object({
  data: Folder,
  host: Host.default('127.0.0.1'),
  firstPort: Port.optional(),
})
export type LabInput = z.infer<typeof LabInput>

/** `start`, `serve`, `lab`: what runs until it is told to stop. Their code is loaded only when it is to run. */
export function addProcessCommands(program: Command, cli: Cli, end: (code: ExitCode) => void): void {
  const start = program
    .command('start')
    .description('Run a broker with the lab: three CDNs on this machine and a demo scope (what npm start does)')
    .option('--config <file>', 'run with this configuration instead of the lab, as serve does')
    .option('--data <dir>', 'where everything is kept (default: data)')
    .option('--port <n>', 'the port of the broker (default: 8080; 0: any)')
    .option('--host <address>', 'where everything listens (default: 127.0.0.1)')
    .option('--first-port <n>', "first of the lab's twelve ports, at the first start (default: 8091; 0: any)")
    .option('--new-admin-key', 'make another admin key and print it')
    .action(async () => {
      const input = readInput(StartInput, describeInput(start), start)
      if (input.config !== undefined) {
        const { serve } = await import('./serve.ts')
        await serve({ config: input.config, port: input.port, host: input.host, newAdminKey: input.newAdminKey }, cli)
      } else {
        const { startWithLab } = await import('./start-with-lab.ts')
        await startWithLab(input, cli)
      }
      end(EXIT.ok)
    })

  const serveCommand = program
    .command('serve')
    .description('Run a broker from a configuration file, with JSON logs on stdout')
    .requiredOption('--config <file>', 'every key of it is in config.example.yaml')
    .option('--listen <host:port>', 'instead of listen in the file')
    .action(async () => {
      const { config, listen } = readInput(ServeInput, describeInput(serveCommand), serveCommand)
      const { serve } = await import('./serve.ts')
      await serve({ config, ...listen, newAdminKey: false }, cli)
      end(EXIT.ok)
    })

  const lab = program
    .command('lab')
    .description('Run only the three CDNs of the lab')
    .requiredOption('--data <dir>', 'where they keep ports, tokens and scopes')
    .option('--host <address>', 'where they listen (default: 127.0.0.1)')
    .option('--first-port <n>', 'first of their twelve ports, at the first start (default: 8091; 0: any)')
    .action(async () => {
      const input = readInput(LabInput, describeInput(lab), lab)
      const { runLab } = await import('./run-lab.ts')
      await runLab(input, cli)
      end(EXIT.ok)
    })
}
