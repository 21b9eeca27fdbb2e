import { expect, test } from 'vitest';
import { noSecrets } from '../../src/criteria/no-secrets/verdict.ts';
import { known, type SecretFinding } from '../../src/model/facts.ts';
import { judgesAs } from './criterion-table.ts';
import { factsOf, LAYER } from './facts-builder.ts';

const having = (...findings: readonly SecretFinding[]) =>
  factsOf({ secrets: known({ findings, scannedFiles: 12 }, 'image') });
const KEY: SecretFinding = {
  rule: 'private-key',
  masked: '----…',
  where: 'layer',
  path: 'root/.ssh/id_rsa',
  layer: LAYER,
};

judgesAs(noSecrets, [
  ['pass', 'none', having(), 'no secret found'],
  ['fail', 'a key in a layer', having(KEY), '1 secret: private-key in root/.ssh/id_rsa'],
  [
    'fail',
    'one value in several fields is one secret',
    having(
      { rule: 'aws', masked: 'AKIA…', where: 'env', path: 'KEY' },
      { rule: 'aws', masked: 'AKIA…', where: 'history' },
      KEY,
    ),
    '2 secrets: aws in env KEY and 1 more place, private-key in root/.ssh/id_rsa',
  ],
  [
    'fail',
    'one value in two files is one secret, with the lines that brought it; another is not',
    having(
      { ...KEY, mark: 'a1', dockerfileLine: 4 },
      { ...KEY, mark: 'b2', path: 'b/id_rsa' },
      { ...KEY, mark: 'a1', path: 'a/id_rsa', dockerfileLine: 5 },
    ),
    '2 secrets: private-key in root/.ssh/id_rsa (Dockerfile:4) and 1 more place, private-key in b/id_rsa',
  ],
  ['fail', 'deleted by a later layer', having({ ...KEY, deleted: true }), 'id_rsa'],
  ['fail', 'in the environment', having({ rule: 'aws', masked: 'AKIA…', where: 'env' }), 'env'],
  [
    'fail',
    'in the history',
    having({ rule: 'token', masked: 'ghp_…', where: 'history' }),
    'history',
  ],
  [
    'unknown',
    'layers not scanned, nothing elsewhere',
    factsOf({
      secrets: known({ findings: [], scannedFiles: 0, incomplete: 'not scanned' }, 'image'),
    }),
    'not scanned',
  ],
  [
    'fail',
    'layers not scanned, one in the environment',
    factsOf({
      secrets: known(
        {
          findings: [{ rule: 'aws', masked: 'AKIA…', where: 'env' }],
          scannedFiles: 0,
          incomplete: 'not scanned',
        },
        'image',
      ),
    }),
    'env',
  ],
  [
    'unknown',
    'a file that was read in part',
    factsOf({
      secrets: known(
        {
          findings: [],
          scannedFiles: 2,
          gaps: [{ path: 'var/log/a.log', reason: 'too much of it' }],
          moreGaps: 3,
        },
        'image',
      ),
    }),
    '4 files not checked to the end: var/log/a.log',
  ],
  [
    'fail',
    'read in part, and a secret all the same',
    factsOf({
      secrets: known(
        { findings: [KEY], scannedFiles: 2, gaps: [{ path: 'a', reason: 'b' }] },
        'image',
      ),
    }),
    'id_rsa',
  ],
  ['unknown', 'not scanned', factsOf(), 'not gathered'],
]);

test('evidence names layer, rule and that the file was deleted', () => {
  expect(noSecrets.judge(having({ ...KEY, deleted: true, line: 2 })).evidence).toEqual([
    {
      kind: 'file',
      path: 'root/.ssh/id_rsa',
      layer: LAYER,
      detail: 'private-key: ----…, line 2, deleted later but still in its layer',
    },
  ]);
});

test('what rules set aside is shown with the reason, and what was not opened is counted', () => {
  const suppressed = ['a/test/x.pem', 'a/test/y.pem'].map((path) => ({
    ...KEY,
    path,
    reason: 'tests',
  }));
  const fact = { findings: [], scannedFiles: 12, suppressed, unopened: { xz: 2 } };
  expect(noSecrets.judge(factsOf({ secrets: known(fact, 'image') })).evidence).toEqual([
    {
      kind: 'note',
      text: '12 files of all layers, configuration, history and attestations checked',
    },
    { kind: 'note', text: 'packed and not opened: xz 2' },
    { kind: 'note', text: 'set aside, tests: 2 (a/test/x.pem, a/test/y.pem)' },
  ]);
});
