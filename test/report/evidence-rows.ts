import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { CriterionResult, Evidence } from '../../src/model/criterion.ts';
import { digestOf } from '../../src/model/reference.ts';
import { shortDigest } from '../../src/report/text.ts';

const LAYER = digestOf('layer');
const text = readFileSync('test/report/evidence.yaml', 'utf8')
  .replaceAll('@LAYER', LAYER)
  .replaceAll('@SHORT', shortDigest(LAYER));

export const EVIDENCE = parse(text) as {
  readonly texts: readonly [evidence: Evidence, text: string][];
  readonly lines: readonly [name: string, given: Partial<CriterionResult>, line: string][];
};
