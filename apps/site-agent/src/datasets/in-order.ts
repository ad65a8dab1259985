/** How many items may be under way, and how much they may weigh together; one alone may be heavier. */
export interface AtOnce<T> {
  readonly items: number;
  readonly weight: number;
  weigh(item: T): number;
}

/** Works on several items at once and gives the results in the order of the items. A failure comes in its item's place. */
export async function* inOrder<T, R>(
  items: Iterable<T>,
  atOnce: AtOnce<T>,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const running: { readonly result: Promise<R>; readonly weight: number }[] = [];
  let weightRunning = 0;
  const next = () => {
    const { result, weight } = running.shift()!;
    weightRunning -= weight;
    return result;
  };
  for (const item of items) {
    const weight = atOnce.weigh(item);
    while (running.length >= atOnce.items || (running.length > 0 && weightRunning + weight > atOnce.weight))
      yield await next();
    const result = work(item);
    result.catch(() => {}); // it is heard in its place, or nobody listens any more
    running.push({ result, weight });
    weightRunning += weight;
  }
  while (running.length > 0) yield await next();
}
