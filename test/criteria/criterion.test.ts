import { describe, expect, test } from 'vitest';
import { criterion, fail, note, pass } from '../../src/criteria/criterion.ts';
import type { Verdict } from '../../src/model/criterion.ts';
import { unknownFact } from '../../src/model/facts.ts';
import { factsOf, filesystem, image, packages } from './facts-builder.ts';

const HEAD = {
  id: 'sample',
  title: 'Sample',
  vector: 'minimalism',
  level: 1,
  spec: '#sample',
  why: 'It matters.',
  decidedBy: 'The sample.',
  remedies: [{ title: 'Do it', detail: 'So.' }],
} as const;
const sample = (check: () => Verdict) =>
  criterion({ ...HEAD, needs: ['filesystem', 'image'], check });
const both = factsOf({ filesystem: filesystem(), image: image() });

describe('criterion', () => {
  test('hands the check what it needs, and what it uses still wrapped', () => {
    const seen: unknown[] = [];
    criterion({
      ...HEAD,
      needs: ['filesystem'],
      uses: ['packages'],
      check: (facts) => {
        seen.push(Object.keys(facts), facts.filesystem.fileCount, facts.packages);
        return pass('yes', [note('seen')]);
      },
    }).judge(factsOf({ filesystem: filesystem() }));
    expect(seen).toEqual([['filesystem', 'packages'], 0, unknownFact('not gathered', 'gather it')]);
  });

  test('is unknown with the reason of the first missing fact, without calling the check', () => {
    const answer = sample(() => {
      throw new Error('called');
    }).judge(factsOf({ image: image() }));
    expect(answer).toEqual({
      outcome: 'unknown',
      summary: 'not gathered',
      settle: 'gather it',
      evidence: [note('not gathered')],
      source: 'image',
    });
  });

  test('says how to check it where the fact does not', () => {
    const one = criterion({
      ...HEAD,
      needs: ['secrets'],
      settle: 'scan it',
      check: () => pass('', []),
    });
    expect(one.judge(factsOf({ secrets: unknownFact('no scan') })).settle).toBe('scan it');
  });

  test('is unknown where the check throws', () => {
    const answer = sample(() => {
      throw new Error('boom');
    }).judge(both);
    expect([answer.outcome, answer.summary]).toEqual(['unknown', 'the check failed: boom']);
  });

  test('does not pass on nothing', () => {
    const answer = sample(() => pass('all is well', [])).judge(both);
    expect([answer.outcome, answer.summary]).toEqual([
      'unknown',
      'all is well, but nothing shows it',
    ]);
  });

  test('gives a failure without evidence its summary as evidence', () => {
    expect(sample(() => fail('bad', [])).judge(both).evidence).toEqual([note('bad')]);
  });

  test('rests on the weakest needed fact, unless the verdict says otherwise', () => {
    const mixed = factsOf({
      filesystem: { ...filesystem(), source: 'build' } as ReturnType<typeof filesystem>,
      image: image(),
    });
    expect(sample(() => pass('x', [note('y')])).judge(mixed).source).toBe('image');
    expect(sample(() => pass('x', [note('y')], { source: 'dockerfile' })).judge(mixed).source).toBe(
      'dockerfile',
    );
  });

  test('does not count declarations as evidence', () => {
    const one = criterion({
      ...HEAD,
      needs: ['packages', 'declarations'],
      check: () => pass('x', [note('y')]),
    });
    expect(one.judge(factsOf({ packages: packages() })).source).toBe('image');
  });
});
