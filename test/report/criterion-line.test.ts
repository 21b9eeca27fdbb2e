import { expect, test } from 'vitest';
import type { CriterionResult } from '../../src/model/criterion.ts';
import { digestOf } from '../../src/model/reference.ts';
import { criterionLine } from '../../src/report/terminal.ts';
import { shortDigest } from '../../src/report/text.ts';

const LAYER = digestOf('layer');
const result = (given: Partial<CriterionResult>): CriterionResult => ({
  id: 'no-shell',
  title: 'No shell',
  vector: 'minimalism',
  level: 3,
  outcome: 'fail',
  summary: '1 shell: bin/sh',
  source: 'image',
  evidence: [{ kind: 'note', text: 'seen' }],
  remedies: [],
  ...given,
});

test.each<[string, Partial<CriterionResult>, string]>([
  [
    'a file that the summary names',
    { evidence: [{ kind: 'file', path: 'bin/sh', layer: LAYER }] },
    `1 shell: bin/sh; in layer ${shortDigest(LAYER)}`,
  ],
  [
    'a file that it does not name',
    { summary: '1 shell', evidence: [{ kind: 'file', path: 'bin/sh' }] },
    '1 shell; bin/sh',
  ],
  [
    'a line that the summary names',
    {
      summary: 'line 5: bad',
      evidence: [{ kind: 'dockerfile', startLine: 5, endLine: 5, text: 'RUN x' }],
    },
    'line 5: bad; RUN x',
  ],
  [
    'evidence that says the same',
    { summary: 'no SBOM', evidence: [{ kind: 'note', text: 'no SBOM' }] },
    'no SBOM',
  ],
  [
    'self-declared',
    { source: 'unverified-attestation', evidence: [] },
    '1 shell: bin/sh [self-declared]',
  ],
  [
    'unknown',
    { outcome: 'unknown', summary: 'no key', settle: '--key FILE' },
    'no key; to check: --key FILE',
  ],
])('%s', (_name, given, line) => {
  expect(criterionLine(result(given))).toBe(line);
});
