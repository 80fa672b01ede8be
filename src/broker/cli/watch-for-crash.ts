import type { ProcessLog } from '../log.ts'

/** Until disposed, an error that nobody caught is logged before Node ends the process with it. */
export function watchForCrash(processLog: ProcessLog): Disposable {
  const tell = (error: Error): void => {
    processLog.log('process.failed', { error: `${error.name}: ${error.message}` })
    processLog.flush()
  }
  process.on('uncaughtExceptionMonitor', tell)
  return {
    [Symbol.dispose]() {
      process.removeListener('uncaughtExceptionMonitor', tell)
      processLog.flush()
    },
  }
}
