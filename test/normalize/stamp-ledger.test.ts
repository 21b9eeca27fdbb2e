import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NO_TRAIL, StampLedger } from '../../src/normalize/rule.ts';
import { EPOCH, LATER } from './sample-layer.ts';

const run = (earlier = NO_TRAIL) => new StampLedger({ epoch: EPOCH, copied: false, earlier });
const copy = (earlier = NO_TRAIL) => new StampLedger({ epoch: EPOCH, copied: true, earlier });

describe('stamps', () => {
  test('of the one time that programs saw stay valid, whatever the file’s own', () => {
    const ledger = new StampLedger({ epoch: EPOCH, copied: false, fileTime: EPOCH + 50 });
    expect(ledger.timeOf('a.py', LATER + 999, 3, true)).toBe(EPOCH);
    expect(ledger.stampOf('a.py', EPOCH + 50, 3)).toBe(EPOCH);
    expect(ledger.timeOf('old.py', 1000, 3, true)).toBe(1000);
    expect(ledger.stampOf('old.py', EPOCH + 50, 3)).toBe(EPOCH);
  });

  test('valid ones stay valid and others stay out of date, in either order and over two layers', () => {
    const time = fc.oneof(
      fc.constantFrom(EPOCH - 1, EPOCH, EPOCH + 1, LATER),
      fc.integer({ min: 1, max: LATER * 2 }),
    );
    fc.assert(
      fc.property(
        time,
        time,
        fc.boolean(),
        fc.boolean(),
        (mtime, stored, isSourceFirst, copied) => {
          const ledger = copied ? copy() : run();
          const source = () => ledger.timeOf('a.py', mtime, 5, true);
          const stamp = () => ledger.stampOf('a.py', stored, 5);
          const early = isSourceFirst ? source() : stamp();
          const late = isSourceFirst ? stamp() : source();
          expect(early === late).toBe(mtime === stored);
        },
      ),
    );
    fc.assert(
      fc.property(time, time, (mtime, stored) => {
        const below = run();
        const written = below.stampOf('a.py', stored, 5);
        const after = run(below.trail()).timeOf('a.py', mtime, 5, true);
        if (mtime === stored) expect(after).toBe(written);
        else if (Math.max(mtime, stored) >= EPOCH) expect(after).not.toBe(written);
      }),
    );
  });
});
