import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { instantFromMs } from './instant.ts'
import type { IssueToken } from './scope-registry.ts'

/** Tokens without any meaning inside: 32 random bytes in base64url. */
export const issueOpaqueToken: IssueToken = () => randomBytes(32).toString('base64url')

/**
 * Tokens as Cloudflare makes them: EdDSA-signed JWTs whose claims name the relay, the token and its rights
 * (moq-providers.md 1.4). The signing key lives in `dataDir` and is made at first use.
 */
export function jwtIssuer(dataDir: string): IssueToken {
  const key = loadSigningKey(join(dataDir, 'signing-key.pem'))
  const header = encodePart({ alg: 'EdDSA', kid: 'moq-v1' })
  return (token, scopeId) => {
    const claims = encodePart({
      iss: 'cloudflare',
      aud: 'moq.cloudflare.com',
      sub: scopeId,
      jti: token.id,
      operations: token.operations,
      iat: wholeSeconds(token.created),
      ...(token.expires === undefined ? {} : { exp: wholeSeconds(token.expires) }),
    })
    const signed = `${header}.${claims}`
    return `${signed}.${sign(null, Buffer.from(signed), key).toString('base64url')}`
  }
}

function loadSigningKey(path: string): KeyObject {
  if (existsSync(path)) return createPrivateKey(readFileSync(path))
  const { privateKey } = generateKeyPairSync('ed25519')
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(`${path}.new`, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 })
  renameSync(`${path}.new`, path)
  return privateKey
}

function encodePart(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function wholeSeconds(instant: number): number {
  return Math.floor(instant / instantFromMs(1000))
}
