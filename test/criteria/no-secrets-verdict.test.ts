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
  { name: 'none', facts: having(), outcome: 'pass', says: 'no secret found' },
  {
    name: 'a key in a layer',
    facts: having(KEY),
    outcome: 'fail',
    says: '1 secret: private-key in root/.ssh/id_rsa',
  },
  {
    name: 'one value in several fields is one secret',
    facts: having(
      { rule: 'aws', masked: 'AKIA…', where: 'env', path: 'KEY' },
      { rule: 'aws', masked: 'AKIA…', where: 'history' },
      KEY,
    ),
    outcome: 'fail',
    says: '2 secrets: aws in env KEY and 1 more place, private-key in root/.ssh/id_rsa',
  },
  {
    name: 'one value in two files is one secret, with the lines that brought it; another is not',
    facts: having(
      { ...KEY, mark: 'a1', dockerfileLine: 4 },
      { ...KEY, mark: 'b2', path: 'b/id_rsa' },
      { ...KEY, mark: 'a1', path: 'a/id_rsa', dockerfileLine: 5 },
    ),
    outcome: 'fail',
    says: '2 secrets: private-key in root/.ssh/id_rsa (Dockerfile:4) and 1 more place, private-key in b/id_rsa',
  },
  {
    name: 'deleted by a later layer',
    facts: having({ ...KEY, deleted: true }),
    outcome: 'fail',
    says: 'id_rsa',
  },
  {
    name: 'in the environment',
    facts: having({ rule: 'aws', masked: 'AKIA…', where: 'env' }),
    outcome: 'fail',
    says: 'env',
  },
  {
    name: 'in the history',
    facts: having({ rule: 'token', masked: 'ghp_…', where: 'history' }),
    outcome: 'fail',
    says: 'history',
  },
  {
    name: 'layers not scanned, nothing elsewhere',
    facts: factsOf({
      secrets: known({ findings: [], scannedFiles: 0, incomplete: 'not scanned' }, 'image'),
    }),
    outcome: 'unknown',
    says: 'not scanned',
  },
  {
    name: 'layers not scanned, one in the environment',
    facts: factsOf({
      secrets: known(
        {
          findings: [{ rule: 'aws', masked: 'AKIA…', where: 'env' }],
          scannedFiles: 0,
          incomplete: 'not scanned',
        },
        'image',
      ),
    }),
    outcome: 'fail',
    says: 'env',
  },
  {
    name: 'a file that was read in part',
    facts: factsOf({
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
    outcome: 'unknown',
    says: '4 files not checked to the end: var/log/a.log',
  },
  {
    name: 'read in part, and a secret all the same',
    facts: factsOf({
      secrets: known(
        { findings: [KEY], scannedFiles: 2, gaps: [{ path: 'a', reason: 'b' }] },
        'image',
      ),
    }),
    outcome: 'fail',
    says: 'id_rsa',
  },
  { name: 'not scanned', facts: factsOf(), outcome: 'unknown', says: 'not gathered' },
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
