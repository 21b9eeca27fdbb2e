import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { missingGrants, tokenTaker } from '../../src/build/bake-definition.ts';
import type { BakeTarget } from '../../src/model/events.ts';
import { temporaryFolder } from '../fakes/layouts.ts';
import { yamlTable } from '../fakes/table.ts';
import { bakeTarget } from './given.ts';

const TABLE = yamlTable('test/build/bake-definition.yaml') as {
  readonly grants: readonly [Partial<BakeTarget>, string[]][];
  readonly allowed: readonly [string[], string[]][];
  readonly tokens: readonly [string, string?][];
};
const target = (more: Partial<BakeTarget>): BakeTarget => bakeTarget('app', more);

/** A folder to bake in, with another beside it that a link leads to. */
function place(): string {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'here/sub'), { recursive: true });
  mkdirSync(join(folder, 'there'));
  writeFileSync(join(folder, 'there/s'), '');
  symlinkSync('../there', join(folder, 'here/link'));
  return join(folder, 'here');
}

describe('what a definition asks for', () => {
  test.each(TABLE.grants)('%j needs %j', async (more, missing) => {
    expect(await missingGrants([target(more)], [], { cwd: place(), files: true })).toEqual(missing);
  });

  test.each(TABLE.allowed)('is granted by %j, but for %j', async (allow, missing) => {
    const asking = target({
      flags: ['--secret=id=x,src=../there/s'],
      entitlements: ['network.host'],
    });
    expect(await missingGrants([asking], allow, { cwd: place(), files: true })).toEqual(missing);
  });

  test('files are not looked at where buildx does not', async () => {
    const asking = target({ context: '/etc', entitlements: ['network.host'] });
    const asked = await missingGrants([asking], [], { cwd: place(), files: false });
    expect(asked).toEqual(['network.host']);
  });
});

test.each(TABLE.tokens)('%s sends the token of the job to %s', (flag, taker) => {
  expect(tokenTaker([target({ flags: [flag] })])).toBe(taker);
});
