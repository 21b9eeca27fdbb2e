import { expect, test } from 'vitest';
import { PREDICATE_TYPE } from '../../src/model/statement.ts';
import { isVerdict, madeKind } from '../../src/trust/statement-kinds.ts';
import { reproductionStatement } from '../../src/trust/verdict.ts';

const TOOL = { uri: 'pkg:npm/scoville', version: '1' };

// A user's own results, and summaries of another verifier, are theirs: a grade does not replace
// them.
test.each<[string, string, unknown, string | undefined, boolean]>([
  ['our tests', PREDICATE_TYPE.testResult, { configuration: [{ name: 'CHPs' }] }, 'tests', true],
  [
    'a second build',
    PREDICATE_TYPE.testResult,
    reproductionStatement({ reproducible: true, differences: [] }, TOOL),
    'second build',
    false,
  ],
  ['a user’s tests', PREDICATE_TYPE.testResult, { result: 'PASSED' }, undefined, false],
  [
    'tests of another configuration',
    PREDICATE_TYPE.testResult,
    { result: 'PASSED', configuration: [{ name: 'jest' }] },
    undefined,
    false,
  ],
  [
    'our summary',
    PREDICATE_TYPE.slsaVsa,
    { verifier: { id: 'pkg:npm/scoville' } },
    'verdict',
    true,
  ],
  [
    'another’s summary',
    PREDICATE_TYPE.slsaVsa,
    { verifier: { id: 'https://example.com/verifier' } },
    undefined,
    false,
  ],
])('%s', (_, predicateType, predicate, kind, is) => {
  const says = { kind: 'statement', predicateType, predicate } as const;
  expect([madeKind(says), isVerdict(says)]).toEqual([kind, is]);
});
