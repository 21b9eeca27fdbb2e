import { quantity } from '../../model/quantity.ts';
import { criterion } from '../shared/verdict/criterion.ts';
import { fail, note, pass } from '../shared/verdict/verdict.ts';

export const reproducible = criterion({
  id: 'reproducible',
  title: 'Fully reproducible',
  vector: 'provenance',
  level: 5,
  spec: '#full-reproducibility',
  why: 'If a second build gives the same bytes, anyone can check that the image comes from its source and from nothing else.',
  needs: ['reproduction'],
  settle: 'scoville reproduce --attest -t IMAGE .',
  decidedBy:
    'A second, uncached build in another directory, at another time, gave the same image manifest digest: here (`scoville build --prove`, `scoville reproduce`) or stated by a ' +
    'verified attestation. Nothing else counts; without either the answer is unknown.',
  check: ({ reproduction }) => {
    const by =
      reproduction.statedBy === 'this-run'
        ? 'a second build on this machine'
        : 'a verified attestation of a second build';
    const source = reproduction.statedBy === 'this-run' ? 'build' : 'verified-attestation';
    return reproduction.reproducible
      ? pass('a second build gave the same digest', [note(by)], { source })
      : fail(
          `a second build differs in ${quantity(reproduction.differences, 'place')}`,
          [note(`${by}: ${quantity(reproduction.differences, 'difference')}`)],
          { source },
        );
  },
  remedies: [
    {
      title: 'Make the build reproducible and prove it',
      detail:
        'scoville build --prove builds a second time and attests the result; scoville reproduce names each file that differs and its cause.',
      example: 'scoville build --prove -t IMAGE .',
    },
  ],
});
