/** Ends one call to the admin listener of a lab CDN. */
export interface FaultCall {
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/**
 * Takes the relay of a lab CDN down. The CDN brings it back by itself when this is not said again within
 * `expiresInMs` (dead-man timer).
 *
 * @throws Error in words that hold no URL.
 */
export function takeRelayDown(faultUrl: string, expiresInMs: number, call: FaultCall): Promise<void> {
  return turnDial(faultUrl, call, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ relayDown: true, expiresInMs }),
  })
}

/**
 * Clears whatever fault is set.
 *
 * @throws Error in words that hold no URL.
 */
export function clearFault(faultUrl: string, call: FaultCall): Promise<void> {
  return turnDial(faultUrl, call, { method: 'DELETE' })
}

async function turnDial(faultUrl: string, { timeoutMs, signal }: FaultCall, init: RequestInit): Promise<void> {
  let response: Response
  try {
    response = await fetch(`${faultUrl.replace(/\/$/, '')}/fault`, {
      ...init,
      redirect: 'error',
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    })
    await response.body?.cancel()
  } catch (cause) {
    throw new Error(`the fault dial did not answer within ${timeoutMs} ms or could not be reached`, { cause })
  }
  if (!response.ok) throw new Error(`the fault dial answered ${init.method} /fault with HTTP ${response.status}`)
}
