import fc from 'fast-check';
import { expect, test } from 'vitest';
import { analysisOf } from './parse-dockerfile.ts';
import { pieces } from './pieces.ts';

/** Places of a script where a command, `C`, runs; made into each other. */
const PLACES = pieces('place');

const PLANTED = ['curl -O http://h.example/x', 'apt-get install x'];

/** A script with another at its `C`; unchanged where quotes do not allow it. */
function inside(outer: string, inner: string): string {
  if (outer.includes("'C'") && inner.includes("'")) return inner;
  if (outer.includes('`') && /[`\\]/.test(inner)) return inner;
  if (PLANTED.includes(inner)) return outer.replace(/\bC\b/, inner);
  // Words of a program are no place for a compound command.
  return /^sudo |; f C$/.test(outer) ? inner : outer.replace(/\bC\b/, () => `{ ${inner}\n}`);
}

const script = fc
  .tuple(
    fc.constantFrom(...PLANTED),
    fc.array(fc.constantFrom(...PLACES), { minLength: 1, maxLength: 3 }),
  )
  .map(([planted, places]) => places.reduce((inner, outer) => inside(outer, inner), planted));

test('a planted command is found wherever it stands, or the script is unread', () => {
  fc.assert(
    fc.property(script, (text) => {
      const { downloads, installs, unread } = analysisOf(
        `FROM x\nSHELL ["/bin/bash", "-c"]\nRUN <<'END'\n${text}\nEND`,
      );
      expect(downloads.length + installs.length + unread.length).toBeGreaterThan(0);
    }),
    { seed: 11, numRuns: 1500 },
  );
});
