/** Lets tests wait until a condition holds that is looked at after each change. */
export interface ConditionWaiters {
  /** Looks at every condition waited for. */
  changed(): void
  /** Ends as soon as the condition holds. */
  until(condition: () => boolean): Promise<void>
}

export function createConditionWaiters(): ConditionWaiters {
  const waiting = new Set<() => void>()
  return {
    changed() {
      for (const check of waiting) check()
    },
    until: (condition) =>
      new Promise((resolve) => {
        const check = (): void => {
          if (!condition()) return
          waiting.delete(check)
          resolve()
        }
        waiting.add(check)
        check()
      }),
  }
}
