import { describe, expect, test } from 'vitest';
import { reproductionFact } from '../../src/grade/grade-image.ts';
import { known, unknownFact } from '../../src/model/facts.ts';
import { type Digest, digestOf } from '../../src/model/reference.ts';
import { type FoundAttestation, PREDICATE_TYPE } from '../../src/model/statement.ts';
import { reproductionStatement } from '../../src/trust/verdict.ts';

const MINE = digestOf('mine');
const tool = { uri: 'x', version: '1' };

function stated(reproducible: boolean, fields: Partial<FoundAttestation> = {}): FoundAttestation {
  return {
    predicateType: PREDICATE_TYPE.testResult,
    predicate: reproductionStatement({ reproducible, differences: ['a', 'b'] }, tool),
    subjects: [MINE],
    source: 'bundle-referrer',
    verification: 'verified',
    ...fields,
  };
}

function fact(...attestations: readonly FoundAttestation[]): unknown {
  const digests: readonly Digest[] = [MINE];
  return reproductionFact(known({ signatures: [], attestations }, 'verified-attestation'), digests);
}

describe('reproductionFact', () => {
  test('is what a verified statement says', () => {
    expect(fact(stated(true))).toMatchObject({
      known: true,
      value: { reproducible: true, differences: 0, statedBy: 'verified-attestation' },
    });
    expect(fact(stated(false))).toMatchObject({ value: { reproducible: false, differences: 2 } });
  });

  test('of two statements the one that differed counts', () => {
    expect(fact(stated(true), stated(false))).toMatchObject({ value: { reproducible: false } });
  });

  test.each<[string, Partial<FoundAttestation>]>([
    ['nobody verified', { verification: 'unverified' }],
    ['that is forged', { verification: 'failed' }],
    ['about another image', { subjects: [digestOf('other')] }],
    ['of another kind', { predicateType: PREDICATE_TYPE.slsaVsa }],
  ])('a statement %s proves nothing', (_, fields) => {
    expect(fact(stated(true, fields))).toMatchObject({ known: false });
  });

  test('unknown attestations leave it unknown', () => {
    expect(reproductionFact(unknownFact('down'), [MINE])).toMatchObject({ known: false });
  });
});
