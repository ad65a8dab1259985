/** Does some work that Ctrl-C, or the end of the service, stops at once. */
export async function untilStopped<T>(work: (signal: AbortSignal, stop: () => void) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const stop = () => controller.abort();
  process.once('SIGINT', stop).once('SIGTERM', stop);
  try {
    return await work(controller.signal, stop);
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
}
