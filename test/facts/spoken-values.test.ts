import { expect, test } from 'vitest';
import { isNamedSecret } from '../../src/facts/secrets/secret-value.ts';
import { tableRows } from '../fakes/table.ts';

test.each(
  tableRows('test/facts/spoken-values.tsv').map(([answer, why, set]) => ({ answer, why, set })),
)('$set $why: $answer', ({ answer, set = '' }) => {
  const [, name = '', value = ''] = /^([^=]*)=(.*)$/.exec(set) ?? [];
  expect(isNamedSecret(name, value)).toBe(answer === 'secret');
});
