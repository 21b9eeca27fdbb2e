import { expect, test } from 'vitest';
import {
  CREDENTIAL_FILES,
  credentialsIn,
  gitDirectoryOf,
  isCredentialFile,
} from '../../src/facts/secrets/credential-files.ts';
import { masked } from '../../src/facts/secrets/secret-value.ts';
import { tableRows } from '../fakes/table.ts';
import { drawnText } from './secret-samples.ts';

const ROWS = tableRows('test/facts/credential-files.tsv').map(
  ([kind = '', path = '', text = '', ...found]) => ({ kind, path, text: drawnText(text), found }),
);
const OTHERS = ['none', 'variables'];
const HOLDS = ROWS.filter(({ kind }) => !OTHERS.includes(kind));
const rowsOf = (name: string) => ROWS.filter(({ kind }) => kind === name);

function rules(path: string, text: string): readonly string[] {
  return credentialsIn(path, text).map(({ rule }) => rule);
}

test('each rule has a sample', () => {
  expect(HOLDS.map(({ kind }) => kind).sort()).toEqual(CREDENTIAL_FILES.map(({ id }) => id).sort());
});

test.each(HOLDS)('$kind', ({ kind, path, text }) => {
  expect(isCredentialFile(path)).toBe(true);
  expect(rules(path, text)).toEqual([kind]);
});

test.each(rowsOf('none'))('no credential: $path $text', ({ path, text }) => {
  expect(rules(path, text)).toEqual([]);
});

test.each(rowsOf('variables'))('variables in $path $text', ({ path, text, found }) => {
  expect(credentialsIn(path, text).map(({ rule, value }) => `${rule} ${masked(value)}`)).toEqual(
    found,
  );
});

test.each([
  ['app/.git/HEAD', 'app/.git'],
  ['.git/config', '.git'],
  ['a/.git/objects/pack/pack-1.pack', 'a/.git'],
  ['a/.git/hooks/pre-commit.sample', undefined],
  ['app/.gitignore', undefined],
  ['app/x.git/HEAD', undefined],
  ['app/HEAD', undefined],
])('%s is in the repository %s', (path, repository) => {
  expect(gitDirectoryOf(path)).toBe(repository);
});

test('a long and hostile name costs no more than its length', () => {
  const path = `${'a/'.repeat(30_000)}run/secrets/x`;
  expect(isCredentialFile(path)).toBe(false);
  expect(gitDirectoryOf(`${'.git/'.repeat(10_000)}x`)).toBeUndefined();
});
