import { expect, test } from 'vitest';
import { noSecrets } from '../../../src/criteria/configuration/no-secrets.ts';
import { known, type SecretFinding } from '../../../src/model/facts.ts';
import { judgesAs } from '../criterion-table.ts';
import { factsOf, LAYER } from '../facts-builder.ts';

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
    says: '1 secret: root/.ssh/id_rsa',
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
