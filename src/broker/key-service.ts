/** What a key may do: reader asks, operator also changes scopes, providers' states and drills, admin also manages keys. */
export type Role = 'reader' | 'operator' | 'admin'

export interface KeyView {
  readonly id: string
  readonly name: string
  readonly role: Role
  readonly createdAt: number
}

export interface Principal {
  readonly id: string
  readonly role: Role
  readonly name: string
}

/** API keys: `mqb_<id>_<secret>`, stored as SHA-256, compared in constant time. Methods throw `BrokerError`. */
export interface KeyService {
  authenticate(key: string): Promise<Principal | undefined>
  /**
   * The same from memory: a key that was authenticated before and of which nothing else has been heard since.
   * `undefined`: ask `authenticate`.
   */
  recall(key: string): Principal | undefined
  /** The full key is in this answer and nowhere else. */
  create(request: { readonly name: string; readonly role: Role }): Promise<KeyView & { readonly key: string }>
  list(): Promise<readonly KeyView[]>
  revoke(id: string): Promise<void>
}
