import { describe, expect, test } from 'vitest';
import { instructionsOf } from '../../src/criteria/lint-rule.ts';
import { keptCaches } from '../../src/criteria/package-caches.ts';
import { managerOf, MANAGERS } from '../../src/programs/managers.ts';
import { parseDockerfile } from '../dockerfile/parse-dockerfile.ts';

describe('package managers by their programs', () => {
  test.each([
    ['apt-get', 'apt'],
    ['apt-fast', 'apt'],
    ['dnf-3', 'dnf'],
    ['tdnf', 'dnf'],
    ['pip3.12', 'pip'],
    ['npx', 'npm'],
    ['gem3.1', 'gem'],
    ['pecl', 'other'],
    ['curl', undefined],
    ['', undefined],
  ])('%s is %s', (program, id) => {
    expect(managerOf(program)?.id).toBe(id);
  });

  test('no two managers are called by one program', () => {
    const names =
      'apt apt-get aptitude apk dnf yum zypper pacman pip uv poetry npm yarn pnpm bun gem';
    for (const name of names.split(' '))
      expect(MANAGERS.filter(({ programs }) => programs.test(name))).toHaveLength(1);
  });

  test.each([
    ['apt-fast update', 'apt'],
    ['tdnf install -y curl', 'dnf'],
    ['pip3.12 install flask', 'pip'],
  ])('%s leaves the cache of %s, as its kin do', (command, manager) => {
    const read = parseDockerfile(`FROM debian\nRUN ${command}\n`);
    if (!read.ok) throw new Error('not read');
    const [run] = instructionsOf(read.value.stages, 'RUN');
    if (run === undefined) throw new Error('no RUN');
    expect(keptCaches(run, [])).toEqual([{ manager, commands: [0] }]);
  });
});
