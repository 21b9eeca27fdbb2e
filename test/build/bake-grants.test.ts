import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { missingGrants, tokenTaker } from '../../src/build/bake-definition.ts';
import type { BakeTarget } from '../../src/model/events.ts';
import { temporaryFolder } from '../fakes/layouts.ts';

const target = (more: Partial<BakeTarget>): BakeTarget => ({
  name: 'app',
  context: '.',
  contexts: {},
  dockerfile: 'Dockerfile',
  platforms: [],
  tags: [],
  entitlements: [],
  flags: [],
  ...more,
});

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
  test.each<[Partial<BakeTarget>, readonly string[]]>([
    [{ context: 'sub', dockerfile: '../Dockerfile' }, []],
    [{ context: '../there' }, ['fs.read=../there', 'fs.read=../there/Dockerfile']],
    [{ context: 'link' }, ['fs.read=link', 'fs.read=link/Dockerfile']],
    [{ contexts: { a: '../there', b: 'target:x', c: 'docker-image://y' } }, ['fs.read=../there']],
    [{ context: 'https://example.com/r.git' }, []],
    [{ flags: ['--secret=id=x,src=/etc/shadow'] }, ['fs.read=/etc/shadow']],
    [{ flags: ['--secret=type=env,id=x,env=T'] }, []],
    [{ flags: ['--ssh=k=sub/k,../there/s'] }, ['fs.read=../there/s']],
    [{ flags: ['--ssh=default'] }, ['ssh']],
    [
      { flags: ['--cache-to=type=local,dest=../c', '--cache-from=type=registry,ref=r'] },
      ['fs.write=../c'],
    ],
    [
      { outputs: ['type=oci,dest=../o.tar', 'type=oci,dest=-', '../out'] },
      ['fs.write=../o.tar', 'fs.write=../out'],
    ],
    [{ outputs: ['type=docker'], inline: 'FROM a' }, []],
    [{ entitlements: ['security.insecure'] }, ['security.insecure']],
  ])('%j needs %j', async (more, missing) => {
    expect(await missingGrants([target(more)], [], { cwd: place(), files: true })).toEqual(missing);
  });

  test.each([
    [['fs.read=../there', 'network.host'], []],
    [['fs=..', 'network.host'], []],
    [['fs.read=*', 'network.host'], []],
    [['fs.write=*'], ['network.host', 'fs.read=../there/s']],
  ])('is granted by %j, but for %j', async (allow, missing) => {
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

test.each([
  ['--cache-from=type=gha', undefined],
  ['--cache-from=type=gha,url=https://e.example/', 'https://e.example/'],
  ['--cache-to=type=gha,mode=max,url_v2=https://e.example/', 'https://e.example/'],
  ['--cache-to=type=gha,url=https://e.example/,token=t', undefined],
  ['--cache-to=type=registry,ref=e.example/a', undefined],
])('%s sends the token of the job to %s', (flag, taker) => {
  expect(tokenTaker([target({ flags: [flag] })])).toBe(taker);
});
