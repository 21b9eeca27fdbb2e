/** Runs `work` on every item, at most `width` at a time, results in the items' order. The first throw stops the rest from starting. */
export async function sideBySide<T, R>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const results: R[] = [];
  const queue = items.entries();
  let isStopped = false;
  const worker = async (): Promise<void> => {
    for (const [index, item] of queue) {
      if (isStopped) return;
      try {
        results[index] = await work(item);
      } catch (error) {
        isStopped = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker));
  return results;
}
