import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { folderWord, shellWord } from '../../src/model/dockerfile.ts';

test('leaves plain paths as they are', () => {
  expect(shellWord('/home/user/.config/a-b_c.key')).toBe('/home/user/.config/a-b_c.key');
});

test.each(['', 'a b', "it's", '$(reboot)', '`x`', 'a;b', '"', '*', 'a\nb'])(
  'a shell reads %j back as one word',
  (text) => {
    const read = execFileSync('sh', ['-c', `printf %s ${shellWord(text)}`]).toString();
    expect(read).toBe(text);
  },
);

test.each(['-', '-P', "it's; $(reboot)", 'a b', '~', 'plain'])(
  'cd enters the folder %j',
  (name) => {
    const root = mkdtempSync(join(tmpdir(), 'scoville-folder-'));
    mkdirSync(join(root, name));
    const env = { OLDPWD: '/', HOME: '/', PATH: process.env['PATH'] };
    const read = execFileSync('sh', ['-c', `cd ${folderWord(name)} && pwd`], { cwd: root, env });
    expect(read.toString()).toBe(`${join(root, name)}\n`);
    rmSync(root, { recursive: true });
  },
);
