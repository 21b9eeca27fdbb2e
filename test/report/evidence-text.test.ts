import { expect, test } from 'vitest';
import type { Evidence } from '../../src/model/criterion.ts';
import { digestOf } from '../../src/model/reference.ts';
import { evidenceText, shortDigest } from '../../src/report/text.ts';

const LAYER = digestOf('layer');
const SHORT = shortDigest(LAYER);

test.each<[Evidence, string]>([
  [
    { kind: 'file', path: 'bin/sh', layer: LAYER, size: 1, detail: 'a shell' },
    `bin/sh in layer ${SHORT} (a shell)`,
  ],
  [{ kind: 'package', name: 'gcc', version: '12' }, 'gcc 12'],
  [{ kind: 'dockerfile', startLine: 3, endLine: 3, text: 'RUN x' }, 'line 3: RUN x'],
  [
    { kind: 'dockerfile', startLine: 3, endLine: 5, text: 'RUN x', detail: 'why' },
    'lines 3-5: RUN x (why)',
  ],
  [
    { kind: 'attestation', predicateType: 'p', digest: LAYER, detail: 'verified' },
    `p ${SHORT} (verified)`,
  ],
  [{ kind: 'image', reference: 'alpine', detail: 'no digest' }, 'alpine (no digest)'],
  [{ kind: 'config', field: 'User', value: '0' }, 'User: 0'],
  [
    {
      kind: 'vulnerability',
      id: 'CVE-1',
      severity: 'high',
      package: 'z',
      version: '1',
      fixedIn: '2',
    },
    'CVE-1 high in z 1, fixed in 2',
  ],
  [{ kind: 'note', text: 'seen' }, 'seen'],
])('%j', (evidence, text) => {
  expect(evidenceText(evidence)).toBe(text);
});
