/** Runs what was added in reverse order, unless released: a start that fails half-way leaves nothing behind. */
export class AsyncUndo implements AsyncDisposable {
  #steps: (() => Promise<void>)[] = []

  add(step: () => Promise<void>): void {
    this.#steps.push(step)
  }

  /** Hands the steps over to the caller. */
  release(): () => Promise<void> {
    const steps = this.#steps
    this.#steps = []
    return async () => {
      for (const step of steps.reverse()) await step()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release()()
  }
}
