#!/usr/bin/env node
import { runCli } from './run-cli.ts'
import { openOutput } from './terminal.ts'

process.exitCode = await runCli(process.argv.slice(2), {
  out: openOutput(process.stdout, process.env),
  err: openOutput(process.stderr, process.env),
  env: process.env,
  now: Date.now,
  sinceBegin: () => performance.now(),
})
