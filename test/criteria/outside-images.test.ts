import { describe, expect, test } from 'vitest';
import { pinnedImages } from '../../src/criteria/pinned-images.ts';
import { trustedSource } from '../../src/criteria/trusted-source.ts';
import type { Criterion, Evidence } from '../../src/model/criterion.ts';
import { known } from '../../src/model/facts.ts';
import { build, dockerfile, factsOf, PIN } from './facts-builder.ts';

function told(criterion: Criterion, ...bases: readonly string[]): readonly unknown[] {
  const facts = factsOf({
    build: build({ dockerfile: known(dockerfile(...bases), 'dockerfile') }),
  });
  return criterion
    .judge(facts)
    .evidence.filter((one): one is Extract<Evidence, { kind: 'image' }> => one.kind === 'image')
    .map(({ reference, line, state }) => [reference, line, state]);
}

describe('evidence of an outside image', () => {
  test('carries its line, and how the image itself was judged', () => {
    expect(told(pinnedImages, `alpine@${PIN}`, 'debian', '${BASE}')).toEqual([
      [`alpine@${PIN}`, 1, 'held'],
      ['debian', 2, 'loose'],
      ['${BASE}', 3, 'open'],
    ]);
    expect(
      told(trustedSource, 'alpine', 'evil/alpine').map((one) => (one as unknown[])[2]),
    ).toEqual(['held', 'loose']);
  });
});
