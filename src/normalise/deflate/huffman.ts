/** A canonical prefix code: the length of each symbol's code, and its bits in writing order. */
export interface PrefixCode {
  readonly lengths: Uint8Array;
  readonly codes: Uint16Array;
}

/**
 * The code for symbols that occur `counts` times, none longer than `limit` bits (RFC 1951 section
 * 3.2.2). Ties are broken by the symbol's number, so the same counts give the same code everywhere.
 * Always a complete code of two symbols or more: some readers refuse others.
 */
export function prefixCode(counts: Uint32Array, limit: number): PrefixCode {
  const lengths = new Uint8Array(counts.length);
  const used = usedSymbols(counts);
  const depths = treeDepths(used.map((leaf) => leaf.count));
  const perLength = limited(depths, limit);
  // The rarest symbols come first and take the longest codes.
  let length = limit;
  for (const { symbol } of used) {
    while (perLength[length] === 0) length--;
    lengths[symbol] = length;
    perLength[length] = (perLength[length] ?? 0) - 1;
  }
  return { lengths, codes: canonicalCodes(lengths, limit) };
}

interface Leaf {
  readonly symbol: number;
  readonly count: number;
}

function usedSymbols(counts: Uint32Array): Leaf[] {
  const used: Leaf[] = [];
  counts.forEach((count, symbol) => {
    if (count > 0) used.push({ symbol, count });
  });
  for (let symbol = 0; used.length < 2; symbol++)
    if (counts[symbol] === 0) used.push({ symbol, count: 1 });
  return used.sort((a, b) => a.count - b.count || a.symbol - b.symbol);
}

/** Depth of each leaf of Huffman's tree over ascending weights, by the two-queue method. */
function treeDepths(weights: readonly number[]): number[] {
  const leaves = weights.length;
  const weight = [...weights];
  const parent = new Array<number>(2 * leaves - 1).fill(0);
  let leaf = 0;
  let node = leaves;
  const smallest = (): number => {
    const isLeafNext =
      leaf < leaves && (node >= weight.length || (weight[leaf] ?? 0) <= (weight[node] ?? 0));
    return isLeafNext ? leaf++ : node++;
  };
  while (weight.length < 2 * leaves - 1) {
    const [a, b] = [smallest(), smallest()];
    parent[a] = parent[b] = weight.length;
    weight.push((weight[a] ?? 0) + (weight[b] ?? 0));
  }
  const depth = new Array<number>(2 * leaves - 1).fill(0);
  for (let i = 2 * leaves - 3; i >= 0; i--) depth[i] = (depth[parent[i] ?? 0] ?? 0) + 1;
  return depth.slice(0, leaves);
}

/** Codes per length, once those over `limit` are shortened and others lengthened to pay for it. */
function limited(depths: readonly number[], limit: number): number[] {
  const perLength = new Array<number>(limit + 1).fill(0);
  let space = 0;
  for (const depth of depths) {
    const length = Math.min(depth, limit);
    perLength[length] = (perLength[length] ?? 0) + 1;
    space += 2 ** (limit - length);
  }
  while (space > 2 ** limit) {
    let length = limit - 1;
    while (perLength[length] === 0) length--;
    perLength[length] = (perLength[length] ?? 0) - 1;
    perLength[length + 1] = (perLength[length + 1] ?? 0) + 1;
    space -= 2 ** (limit - length - 1);
  }
  return filled(perLength, 2 ** limit - space, limit);
}

/** If more was saved than needed, shortens the longest codes until the code is complete. */
function filled(perLength: number[], spare: number, limit: number): number[] {
  let left = spare;
  while (left > 0) {
    let length = limit;
    while (perLength[length] === 0 || 2 ** (limit - length) > left) length--;
    perLength[length] = (perLength[length] ?? 0) - 1;
    perLength[length - 1] = (perLength[length - 1] ?? 0) + 1;
    left -= 2 ** (limit - length);
  }
  return perLength;
}

function canonicalCodes(lengths: Uint8Array, limit: number): Uint16Array {
  const codes = new Uint16Array(lengths.length);
  let code = 0;
  for (let length = 1; length <= limit; length++) {
    code <<= 1;
    lengths.forEach((own, symbol) => {
      if (own === length) codes[symbol] = reversed(code++, length);
    });
  }
  return codes;
}

/** Huffman codes are packed from their most significant bit. */
function reversed(code: number, length: number): number {
  let out = 0;
  for (let i = 0; i < length; i++) out |= ((code >> i) & 1) << (length - 1 - i);
  return out;
}
