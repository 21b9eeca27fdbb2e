import { execFileSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { pluginFile } from '../../src/cli/plugin-call.ts';
import { temporaryFolder } from '../fakes/layouts.ts';

function written(
  start: readonly string[],
  name: 'scoville' | 'scovillebuilder' = 'scoville',
): string {
  const path = join(temporaryFolder(), 'docker-plugin');
  writeFileSync(path, pluginFile(name, { start, version: '1.2.3', undo: {} }));
  chmodSync(path, 0o755);
  return path;
}

test('starts the program with each word as it was, also from a folder with a quote in its name', () => {
  const folder = join(temporaryFolder(), "it's $HOME");
  execFileSync('mkdir', [folder]);
  const program = join(folder, 'show.sh');
  writeFileSync(program, '#!/bin/sh\nprintf "<%s>" "$@"\n');
  const path = written(['/bin/sh', program]);
  expect(execFileSync(path, ['scoville', 'build', '', 'a b', '*']).toString()).toBe(
    '<docker-cli-plugin><scoville><build><><a b><*>',
  );
});

test.each(['scoville', 'scovillebuilder'] as const)(
  '%s fails and says what to do where scoville is gone',
  (name) => {
    const path = written(['/bin/sh', '/gone/scoville.js'], name);
    let ended: { readonly status: number; readonly stderr: Buffer } | undefined;
    try {
      execFileSync(path, ['scoville', 'build', '.'], { stdio: 'pipe' });
    } catch (error) {
      ended = error as typeof ended;
    }
    expect(ended?.status).toBe(2);
    expect(ended?.stderr.toString()).toContain('scoville: /gone/scoville.js is gone');
    expect(ended?.stderr.toString()).toContain('next: install scoville, then again: scoville in');
  },
);
