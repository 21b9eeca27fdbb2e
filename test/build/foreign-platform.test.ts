import { expect, test } from 'vitest';
import { foreignRun } from '../../src/build/images.ts';
import { analyseDockerfile } from '../../src/dockerfile/analyse-dockerfile.ts';
import { yamlTable } from '../fakes/table.ts';

const TABLE = yamlTable('test/build/foreign-platform.yaml') as {
  readonly found: readonly [string, string[], object][];
  readonly none: readonly [string, string, string[], string[]?][];
};

function found(text: string, asked: readonly string[], more: readonly string[] = []) {
  const read = analyseDockerfile(text, {});
  if (!read.ok) throw new Error(read.error.message);
  return foreignRun(read.value.model, asked, ['linux/amd64', 'linux/amd64/v2', ...more]);
}

test.each(TABLE.found)('in %j for %j', (text, asked, expected) => {
  expect(found(text, asked)).toEqual(expected);
});

test.each(TABLE.none)('but not %s', (_, text, asked, more) => {
  expect(found(text, asked, more)).toBeUndefined();
});
