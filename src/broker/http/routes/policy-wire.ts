import type { z } from '@hono/zod-openapi'
import { revisionName } from '../../routing/policy-record.ts'
import type { PolicyEffect, PolicyView } from '../../routing/policy-service.ts'
import { toTime } from '../wire-fields.ts'
import type { EffectSchema, PolicySchema } from './policy-schemas.ts'

export function policyToWire(view: PolicyView): z.infer<typeof PolicySchema> {
  return {
    revision: view.revision,
    document: view.document,
    candidate: view.candidate,
    earlier: view.earlier,
    events: view.events.map((event) => ({
      action: event.action,
      revision: revisionName(event.revision),
      share: event.share,
      at: toTime(event.at),
      by: event.by,
      reason: event.reason,
    })),
    findings: view.findings,
    file: view.file && fileToWire(view.file, view.revision),
  }
}

function fileToWire(
  { path, revision, readAt, refused }: NonNullable<PolicyView['file']>,
  used: string,
): z.infer<typeof PolicySchema>['file'] {
  return {
    path,
    revision,
    in_use: revision === used,
    read_at: readAt === undefined ? undefined : toTime(readAt),
    refused: refused && { ...refused, since: toTime(refused.since) },
  }
}

export function effectToWire({ findings, space, traffic }: PolicyEffect): z.infer<typeof EffectSchema> {
  return {
    findings,
    space: space?.map((one) => ({
      ip_version: one.version,
      served_before: one.servedBefore,
      served_after: one.servedAfter,
      moved: one.moved,
      providers: one.providers,
      moves: one.moves.map(({ first, last, before, after, moved }) => {
        return { first, last, before: [...before], after: [...after], moved }
      }),
    })),
    traffic: traffic && { ...traffic, providers: traffic.providers },
  }
}
