import type { ProviderDirectory } from './providers/provider-directory.ts'

/** Whether this broker should get traffic: its store answers and a provider is usable. */
export async function readiness(
  store: { ping(): Promise<void> },
  providers: ProviderDirectory,
): Promise<{ ready: boolean; checks: Record<string, { ok: boolean; detail?: string }> }> {
  const storeOk = await store.ping().then(
    () => true,
    () => false,
  )
  const usable = providers
    .ids()
    .filter((id) => providers.administrative(id) === 'enabled' && providers.health(id) !== 'down')
  const checks = {
    store: storeOk
      ? { ok: true }
      : { ok: false, detail: 'the store does not answer; look-ups go on from memory, changes are refused' },
    providers:
      usable.length > 0
        ? { ok: true, detail: `${usable.length} of ${providers.ids().length} usable` }
        : { ok: false, detail: 'no provider is enabled and up' },
  }
  return { ready: storeOk && usable.length > 0, checks }
}
