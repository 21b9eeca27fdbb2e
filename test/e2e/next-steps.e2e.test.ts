import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { bases, discard, own, ROOT, run } from './harness.ts';
import { rows } from './rows.ts';
import { folderHere, scovilleHere } from './workplace.ts';

const scoville = scovilleHere();
const folder = folderHere('steps');

const CASES = [
  ['a file of another name', ['-f', 'my files/Prod.Dockerfile'], `FROM ${bases.busybox}\nCMD ls\n`],
  [
    'arguments and a target',
    ['--build-arg', "V=it's", '--target', 'last'],
    `FROM ${bases.busybox} AS first\nFROM ${bases.busybox} AS last\nARG V\nRUN echo "$V" > /v\nUSER 0\n`,
  ],
  ['nothing to edit', [], 'FROM scratch\nCOPY Dockerfile /\nUSER 65532:65532\n'],
] as const;

/** `scoville` as a shell that pastes a command finds it. */
const PROGRAM = `scoville() { '${process.execPath}' '${join(ROOT, 'dist/scoville.js')}' "$@"; }`;

test.each(rows([...CASES], (_, at) => at === 1))(
  'each next step is a command that works when pasted: %s',
  async (_name, flags, dockerfile) => {
    const dir = mkdtempSync(join(folder, 'project-'));
    mkdirSync(join(dir, 'my files'));
    for (const name of ['Dockerfile', 'my files/Prod.Dockerfile'])
      writeFileSync(join(dir, name), dockerfile);
    const name = own('scoville-next-steps:1');
    const built = await scoville.expect(
      0,
      ['build', '--no-interactive', ...flags, '-t', name, '.'],
      { cwd: dir },
    );
    const commands = [...built.stdout.matchAll(/^ [123]\. (scoville .*?)(?: {2,}.*)?$/gm)].map(
      ([, one = '']) => one,
    );
    expect(commands).toHaveLength(3);
    for (const command of commands) {
      const env = { SCOVILLE_HOME: scoville.home };
      const ended = await run('bash', ['-c', `${PROGRAM}\n${command}`], { cwd: dir, env });
      expect([command, ended.exitCode, ended.exitCode === 0 ? '' : ended.stderr]).toEqual([
        command,
        0,
        '',
      ]);
    }
    discard([name]);
  },
);
