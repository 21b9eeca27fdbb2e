// Deterministic file contents: the same bytes on every machine and in every run.

const POOL = 8 << 20;
const WORDS =
  'const return function import export value index length string number object array promise async await module require result error path name config request response stream buffer chunk header layer digest image manifest entry'.split(
    ' ',
  );

/** Numbers from 0 up to `below`, Marsaglia's xorshift32. */
export function numbers(seed) {
  let state = seed >>> 0 || 1;
  return (below) => {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state % below;
  };
}

/** Source text and program code to cut files from; they compress about as real ones do. */
export function pools() {
  return { text: textPool(numbers(1)), code: codePool(numbers(2)) };
}

function textPool(next) {
  const pool = Buffer.alloc(POOL);
  for (let at = 0; at < POOL;) {
    const word = next(5) === 0 ? next(2 ** 31).toString(36) : WORDS[next(WORDS.length)];
    at += pool.write(`${word}${[' ', ' ', '(', ').', ';\n', ' = '][next(6)]}`, at, 'latin1');
  }
  return pool;
}

function codePool(next) {
  const pool = Buffer.alloc(POOL);
  for (let at = 0; at < POOL;) {
    if (at > 4096 && next(3) > 0) {
      const length = 4 + next(60);
      pool.copy(pool, at, at - 1 - length - next(3000), at - 1 - next(2));
      at += length;
    } else for (let i = 0; i < 24 && at < POOL; i += 1) pool[at++] = next(256);
  }
  return pool;
}

/** One file: three of four are text, the others programs five times as large; `mean` is the mean size of all. */
export function makeFile({ text, code }, next, mean) {
  const isProgram = next(4) === 0;
  const pool = isProgram ? code : text;
  const size = 64 + next(isProgram ? mean * 5 : mean);
  const from = next(POOL - size);
  const content = Buffer.from(pool.subarray(from, from + size));
  if (isProgram) content.write('\x7fELF\x02\x01\x01', 0, 'latin1');
  return { content, mode: isProgram ? 0o755 : 0o644, extension: isProgram ? 'so' : 'js' };
}
