import type { Advertisement } from '../../fci/advertisement.ts'
import { jsonOf } from '../../fci/canonical-advertisement.ts'
import { withoutSecrets } from '../../fci/capabilities/secrets.ts'
import { printAdvertisement, type WireAdvertisement } from '../../fci/print-advertisement.ts'

/** The canonical form. Capability values may hold passwords, such as those of `FCI.LoggingSource`: they are blotted out. */
export function shownAdvertisement(model: Advertisement): WireAdvertisement {
  const capabilities = model.capabilities.map((one) => ({ ...one, value: withoutSecrets(jsonOf(one.value)) }))
  return printAdvertisement({ ...model, capabilities })
}
