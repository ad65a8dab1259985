/** So many at a time. The first failure stops the others, and is thrown when all have ended. */
export async function inParallel<T>(
  atOnce: number,
  items: readonly T[],
  signal: AbortSignal,
  work: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  const rest = items.values();
  const worker = async () => {
    for (const item of { [Symbol.iterator]: () => ({ next: () => rest.next() }) }) await work(item, either);
  };
  const workers = Array.from({ length: Math.min(atOnce, items.length) }, () =>
    worker().catch((error) => {
      if (!failed.signal.aborted) failed.abort(error);
    }),
  );
  await Promise.all(workers);
  if (failed.signal.aborted) throw failed.signal.reason;
}
