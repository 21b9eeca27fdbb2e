import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { shellWord } from '../../src/model/shell-word.ts';

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
