import { expect, test } from 'vitest';
import type { Destination } from '../../src/build/command-line.ts';
import { keptCommand } from '../../src/build/describe-plan.ts';

const registry = { kind: 'registry', byDigest: false, plainHttp: false, keeps: true } as const;
const docker = { kind: 'docker', byDefault: false } as const;
const NAMES = ['reg.lan:5000/a:1', 'reg.lan:5000/b:1', 'other/c:1'];

test.each<[Destination, readonly string[], string | undefined]>([
  [registry, NAMES, `scoville push ${NAMES.join(' ')}`],
  [
    { ...registry, plainHttp: true },
    NAMES,
    `scoville push --plain-http reg.lan:5000 --plain-http docker.io ${NAMES.join(' ')}`,
  ],
  [{ ...registry, byDigest: true }, NAMES, undefined],
  [docker, ['a:1'], 'scoville load a:1'],
  [{ ...docker, context: 'far away' }, ['a:1'], "DOCKER_CONTEXT='far away' scoville load a:1"],
  [docker, [], undefined],
  [{ kind: 'file', format: 'oci', path: 'a', directory: false }, ['a:1'], undefined],
])('%j of %j is brought by %s', (destination, names, command) => {
  expect(keptCommand(names, destination)).toBe(command);
});
