import { createPrivateKey, createPublicKey } from 'node:crypto'
import type { JWK } from 'jose'

/** Signs answers, so that whoever got one can prove to others what the broker said. */
export interface DecisionSigner {
  /** A compact JWS (RFC 7515) over the JSON of the claims, `EdDSA` with Ed25519 (RFC 8037). */
  sign(claims: Readonly<Record<string, unknown>>): Promise<string>
  /** The public key as a JWK Set (RFC 7517 5). */
  keys(): Promise<{ readonly keys: readonly JWK[] }>
}

/** RFC 8410 7: what stands before the 32 bytes of an Ed25519 private key in PKCS #8. */
const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex')

/** `seed`: 32 secret bytes; equal seeds make equal keys, so that all replicas sign alike. */
export function createDecisionSigner(seed: Uint8Array): DecisionSigner {
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_HEAD, seed]), format: 'der', type: 'pkcs8' })
  let described: ReturnType<typeof describeKey> | undefined
  const describe = () => {
    described ??= describeKey()
    return described
  }

  async function describeKey(): Promise<JWK & { readonly kid: string }> {
    const { calculateJwkThumbprint, exportJWK } = await loadJose()
    const jwk = await exportJWK(createPublicKey(key))
    return { ...jwk, alg: 'EdDSA', use: 'sig', kid: await calculateJwkThumbprint(jwk) }
  }

  return {
    async sign(claims) {
      const [{ CompactSign }, { kid }] = await Promise.all([loadJose(), describe()])
      return new CompactSign(new TextEncoder().encode(JSON.stringify(claims)))
        .setProtectedHeader({ alg: 'EdDSA', kid, typ: 'moq-broker-decision' })
        .sign(key)
    },
    keys: async () => ({ keys: [await describe()] }),
  }
}

/** Few brokers are asked to sign, so the library is loaded when one is. */
function loadJose() {
  return import('jose')
}
