/** - `drain`: the provider is taken out on paper: routing and failover act as if it were gone; nothing is broken.
 *  - `fault`: the lab's fault dial really takes its relay down. Only for lab providers. */
export type DrillMethod = 'drain' | 'fault'

/**
 * - `succeeded`: within the budget, and everything restored.
 * - `failed`: the hypothesis did not hold.
 * - `interrupted`: somebody or a stop condition ended it; restored.
 * - `blocked`: not started, because a guardrail forbade it.
 * - `invalid`: proved nothing: the probe had no signal, or the fault did not bite.
 */
export type DrillVerdict = 'succeeded' | 'failed' | 'interrupted' | 'blocked' | 'invalid'

export interface DrillRequest {
  readonly provider: string
  readonly method: DrillMethod
  /** Default: the canary scope. */
  readonly scope?: string
  /** How long the provider stays out, milliseconds. */
  readonly holdMs?: number
  /** The budget for the first object on the new path, milliseconds. */
  readonly budgetMs?: number
  readonly hypothesis?: string
}

export interface DrillReport {
  readonly id: string
  readonly provider: string
  readonly method: DrillMethod
  readonly scope: string
  readonly hypothesis: string
  readonly state: 'running' | 'ended'
  readonly verdict?: DrillVerdict
  /** Why that verdict, in words. */
  readonly because?: string
  readonly requestedBy: string
  readonly startedAt: number
  readonly endedAt?: number
  /** Milliseconds after injection; absent: did not happen. */
  readonly measured: {
    readonly detectMs?: number
    readonly decideMs?: number
    readonly firstAnswerMs?: number
    readonly firstObjectMs?: number
    /** After the end of the fault. */
    readonly restoreMs?: number
    readonly objectsBefore: number
    readonly objectsDuring: number
    readonly objectsLost: number
    readonly longestGapMs: number
    readonly probesBefore: number
    readonly probesDuring: number
  }
  readonly timeline: readonly { readonly at: number; readonly event: string; readonly detail: string }[]
  /** HMAC-SHA-256, base64url, over the canonical JSON of the report without this member. */
  readonly signature?: string
}

/** Methods throw `BrokerError`. */
export interface DrillService {
  start(request: DrillRequest, by: string): Promise<DrillReport>
  get(id: string): Promise<DrillReport | undefined>
  list(options: { readonly limit: number; readonly after?: string }): Promise<readonly DrillReport[]>
  /** Ends it early and restores. */
  abort(id: string, reason: string, by: string): Promise<DrillReport>
}
