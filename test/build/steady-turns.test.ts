import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { temporaryFolder } from '../fakes/layouts.ts';
import { IS_HERE, runSteady } from './run-steady.ts';

describe.runIf(IS_HERE)('programs', () => {
  let folder = '';
  beforeEach(() => {
    folder = temporaryFolder();
  });

  test('of Node.js hear of files and of what was put off in the same order', () => {
    const script = `const fs = require('node:fs'); const heard = []; let left = 40;
      const round = () => { heard.push('.'); if (left > 0) setImmediate(round); };
      const ask = (i) => fs.stat('/etc', () => { heard.push(i); left -= 1; if (i < 20) fs.readFile('/etc/passwd', () => ask(i + 20)); });
      for (let i = 0; i < 20; i += 1) ask(i);
      round(); process.on('exit', () => console.log(heard.join(' ')));`;
    const orders = [1, 2, 3, 4].map(() =>
      runSteady(folder, {}, 'env', 'UV_THREADPOOL_SIZE=1', process.execPath, '-e', script),
    );
    expect(new Set(orders).size).toBe(1);
    expect(orders[0]).toMatch(/^\. .* 39 \.\n$/s);
  });

  test('of Node.js that wait for a thread of their own go on', () => {
    const script = `const { Worker } = require('node:worker_threads');
      const worker = new Worker("require('node:worker_threads').parentPort.on('message', (m) => require('node:worker_threads').parentPort.postMessage(m + 1))", { eval: true });
      worker.on('message', (m) => { if (m < 30) worker.postMessage(m); else { console.log(m); worker.terminate(); } }); worker.postMessage(0);`;
    expect(runSteady(folder, {}, process.execPath, '-e', script)).toBe('30\n');
  });

  test.runIf(existsSync('/usr/bin/gcc'))('have a thread that they make go first', () => {
    const source = `#include <pthread.h>
#include <stdio.h>
static void *go(void *nothing) { puts("thread"); return nothing; }
int main(void) { pthread_t one; pthread_create(&one, 0, go, 0); puts("maker"); pthread_join(one, 0); return 0; }`;
    writeFileSync(join(folder, 'order.c'), source);
    execFileSync('gcc', ['-pthread', '-o', 'order', 'order.c'], { cwd: folder });
    const orders = [1, 2, 3].map(() => runSteady(folder, {}, join(folder, 'order')));
    expect(orders).toEqual(Array(3).fill('thread\nmaker\n'));
  });
});
