import type { CraftedEntry, Stack } from './crafted-layer.ts';

/**
 * The smallest stack that still differs, found by leaving out layers, entries and what entries say,
 * one by one.
 */
export async function minimized(
  stack: Stack,
  differs: (stack: Stack) => Promise<boolean>,
): Promise<Stack> {
  let best = stack;
  for (let changed = true; changed;) {
    changed = false;
    for (const smaller of smallerStacks(best))
      if (await differs(smaller)) {
        best = smaller;
        changed = true;
        break;
      }
  }
  return best;
}

function* smallerStacks(stack: Stack): Iterable<Stack> {
  for (let i = 0; i < stack.length; i++)
    if (stack.length > 1) yield stack.filter((_, at) => at !== i);
  for (const [i, layer] of stack.entries()) {
    const put = (entries: readonly CraftedEntry[]): Stack => stack.with(i, { ...layer, entries });
    for (let at = 0; at < layer.entries.length; at++)
      yield put(layer.entries.filter((_, other) => other !== at));
    if (layer.cut !== undefined || layer.trailing !== undefined)
      yield stack.with(i, { entries: layer.entries });
    for (const [at, entry] of layer.entries.entries())
      for (const plainer of plainerEntries(entry)) yield put(layer.entries.with(at, plainer));
  }
}

const NEEDED = new Set(['flag', 'name', 'link', 'content']);

function* plainerEntries(entry: CraftedEntry): Iterable<CraftedEntry> {
  for (const key of Object.keys(entry)) {
    if (NEEDED.has(key)) continue;
    yield Object.fromEntries(Object.entries(entry).filter(([other]) => other !== key)) as never;
  }
  const { pax = [] } = entry;
  if (pax.length > 1)
    for (let i = 0; i < pax.length; i++) yield { ...entry, pax: pax.filter((_, at) => at !== i) };
}
