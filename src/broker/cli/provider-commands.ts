import type { Command } from 'commander'
import { z } from 'zod'
import { advertisementHistoryText, advertisementText } from './advertisement-text.ts'
import { AdvertisementAnswer, AdvertisementHistoryAnswer, ProviderAnswer, ProviderListAnswer } from './api-answers.ts'
import { decodeAnswer } from './api-client.ts'
import { type AddCommand, DurationInput } from './client-command.ts'
import { providerListText, providerText } from './provider-text.ts'

const WITHHOLDING = [
  ['drain', 'drained', 'Send no new clients there; what is there stays'],
  ['disable', 'disabled', 'Do not call the provider at all'],
] as const

/** `provider …` */
export function addProviderCommands(program: Command, add: AddCommand): void {
  const provider = program.command('provider').description('The CDNs: state, health, advertisements')
  add(provider, {
    usage: 'list',
    summary: 'All CDNs',
    input: z.object({}),
    run: async (_, run) => {
      const { raw, value } = await run.api.get('/providers', ProviderListAnswer)
      run.show(raw, () => providerListText(value.providers, run.out))
      return undefined
    },
  })
  add(provider, {
    usage: 'show <provider>',
    summary: 'One CDN with its capabilities and its advertisement',
    input: z.object({ provider: z.string() }),
    run: async ({ provider: id }, run) => {
      const { raw, value } = await run.api.get(providerPath(id), ProviderAnswer)
      run.show(raw, () => providerText(value, run.out, run.now()))
      return undefined
    },
  })
  for (const [verb, state, summary] of WITHHOLDING) {
    add(provider, {
      usage: `${verb} <provider>`,
      summary,
      options: [
        ['--reason <text>', 'why; shown in look-ups (default: by hand)'],
        ['--for <duration>', 'then it is enabled again by itself, e.g. 10m'],
      ],
      input: z.object({
        provider: z.string(),
        reason: z.string().default('by hand'),
        for: DurationInput.refine((ms) => ms >= 1_000, 'must be 1s or more').optional(),
      }),
      run: async ({ provider: id, reason, for: ms }, run) => {
        const body = { state, reason, ...(ms === undefined ? {} : { expires_in_seconds: Math.round(ms / 1_000) }) }
        const answer = await run.api.send({ method: 'PUT', path: providerPath(id, '/state'), body })
        const shown = decodeAnswer(ProviderAnswer, answer.body)
        run.show(answer.body, () => providerListText([shown], run.out))
        return undefined
      },
    })
  }
  add(provider, {
    usage: 'enable <provider>',
    summary: 'Use it again',
    options: [['--reason <text>', 'for the record']],
    input: z.object({ provider: z.string(), reason: z.string().optional() }),
    run: async ({ provider: id, reason }, run) => {
      const body = { state: 'enabled', reason }
      const answer = await run.api.send({ method: 'PUT', path: providerPath(id, '/state'), body })
      const shown = decodeAnswer(ProviderAnswer, answer.body)
      run.show(answer.body, () => providerListText([shown], run.out))
      return undefined
    },
  })
  addAdvertisementCommands(provider, add)
}

function addAdvertisementCommands(provider: Command, add: AddCommand): void {
  const input = z.object({ provider: z.string() })
  add(provider, {
    usage: 'advertisement <provider>',
    summary: 'What it advertises, as the broker understands it',
    input,
    run: async ({ provider: id }, run) => {
      const { raw, value } = await run.api.get(providerPath(id, '/advertisement'), AdvertisementAnswer)
      run.show(raw, () => advertisementText(value, run.out, run.now()))
      return undefined
    },
  })
  add(provider, {
    usage: 'advertisement-history <provider>',
    summary: 'How its advertisement changed',
    input,
    run: async ({ provider: id }, run) => {
      const path = providerPath(id, '/advertisement/history')
      const { raw, value } = await run.api.get(path, AdvertisementHistoryAnswer)
      run.show(raw, () => advertisementHistoryText(value, run.out))
      return undefined
    },
  })
  add(provider, {
    usage: 'confirm-advertisement <provider>',
    summary: 'Use an advertisement that was held back because it loses much',
    options: [['--only <version>', 'only if it is this one; provider advertisement shows it']],
    input: z.object({ provider: z.string(), only: z.string().optional() }),
    run: async ({ provider: id, only: version }, run) => {
      const path = providerPath(id, '/advertisement/confirm')
      const answer = await run.api.send({ method: 'POST', path, body: { version } })
      const shown = decodeAnswer(ProviderAnswer, answer.body)
      run.show(answer.body, () => providerListText([shown], run.out))
      return undefined
    },
  })
}

function providerPath(id: string, rest = ''): string {
  return `/providers/${encodeURIComponent(id)}${rest}`
}
