import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { REFUSED, TAKEN } from '../model/seccomp-profiles.ts';
import { bases, run } from './harness.ts';
import { rows } from './rows.ts';
import { folderHere } from './workplace.ts';

const folder = folderHere('seccomp');

/** What is wrong with the profile according to Docker and runc; '' where the program ran. */
async function refusal(profile: object): Promise<string> {
  const file = join(folder, 'profile.json');
  writeFileSync(file, JSON.stringify(profile));
  const confined = ['--rm', '--network', 'none', '--security-opt', `seccomp=${file}`];
  const ended = await run('docker', ['run', ...confined, bases.busybox, '/bin/echo', 'up']);
  return ended.exitCode === 0 ? '' : ended.stderr;
}

test.each(rows([...TAKEN], (_, at) => at % 5 === 0))('the engine takes %s', async (_, profile) => {
  expect(await refusal(profile)).toBe('');
});

test.each(rows([...REFUSED], (_, at) => at % 5 === 0))(
  'the engine refuses %s',
  async (_, profile) => {
    expect(await refusal(profile)).toMatch(/seccomp|unmarshal|runc create failed/);
  },
);
