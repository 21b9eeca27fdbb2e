import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isLocal } from '../../src/programs/local.ts';

const PIECES =
  's/a/b/ s|a|b|g sxaxbxe s,a,b,I s/a\\/b/c/ y/ab/cd/ e ls d p q = {d} {s/a/b/e} :a ba ta a\\ text i c $! 1 1,2 /x/ /x/I \\%x% ; , ! } \\n /[/]/ 0~2 +3 # e }e'.split(
    ' ',
  );

test('what sed would run is never taken for an edit', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...PIECES), { minLength: 1, maxLength: 5 }), (pieces) => {
      const script = pieces.join(pieces.length % 2 === 0 ? ' ' : '');
      if (!isLocal('sed', [script])) return;
      // GNU sed refuses a script with `e` in its sandbox while it reads it.
      const { stderr } = spawnSync('sed', ['--sandbox', script], { input: '', encoding: 'utf8' });
      expect(`${script}: ${stderr}`).not.toContain('sandbox mode');
    }),
    { numRuns: 400 },
  );
});
