import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { isOwn, keepCode } from '../../src/lib/kept-code.ts';

const folder = mkdtempSync(join(tmpdir(), 'scoville-kept-code-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

test.each<{ what: string; make: (home: string, code: string) => void; own: boolean }>([
  { what: 'a folder of one’s own', make: () => undefined, own: true },
  {
    what: 'one that a group may read',
    make: (_, code) => {
      chmodSync(code, 0o750);
    },
    own: false,
  },
  {
    what: 'one that all may write to',
    make: (_, code) => {
      chmodSync(code, 0o777);
    },
    own: false,
  },
  {
    what: 'one in a folder of a group',
    make: (home) => {
      chmodSync(home, 0o775);
    },
    own: false,
  },
  {
    what: 'one in a shared folder',
    make: (home) => {
      chmodSync(home, 0o777);
    },
    own: false,
  },
  {
    what: 'one in a shared folder where each removes only what is theirs',
    make: (home) => {
      chmodSync(home, 0o1777);
    },
    own: true,
  },
  {
    what: 'a link',
    make: (home, code) => {
      rmSync(code, { recursive: true });
      mkdirSync(join(home, 'other'), { mode: 0o700 });
      symlinkSync(join(home, 'other'), code);
    },
    own: false,
  },
  {
    what: 'a file',
    make: (_, code) => {
      rmSync(code, { recursive: true });
      writeFileSync(code, '', { mode: 0o700 });
    },
    own: false,
  },
])('code is kept in $what: $own', ({ make, own }) => {
  const home = mkdtempSync(join(folder, 'home-'));
  const code = join(home, 'code');
  mkdirSync(code, { mode: 0o700 });
  make(home, code);
  expect(isOwn(code)).toBe(own);
});

test('a folder of another user keeps none', () => {
  const code = mkdtempSync(join(folder, 'other-'));
  const user = process.getuid?.() ?? 0;
  vi.spyOn(process, 'getuid').mockReturnValue(user + 1);
  expect(isOwn(code)).toBe(false);
});

test('where the folder cannot be made, nothing fails', async () => {
  await keepCode('/proc/self/none/code');
});
