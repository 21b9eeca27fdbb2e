import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { temporaryFolder } from '../fakes/layouts.ts';
import { runSteady } from './run-steady.ts';

describe.runIf(process.platform === 'linux' && process.arch === 'x64')('programs', () => {
  let folder = '';
  beforeEach(() => {
    folder = temporaryFolder();
  });
  const run = (program: string, ...args: readonly string[]): string =>
    runSteady(folder, {}, program, ...args);
  const places =
    'import os, sys, ctypes; print(id(object()), id(sys), id(os.environ), ctypes.addressof(ctypes.c_char.in_dll(ctypes.CDLL(None), "environ")), ctypes.addressof(ctypes.c_int()))';

  test('lie at the same addresses: their own, those of libraries, and those of their data', () => {
    expect(run('python3', '-c', places)).toBe(run('python3', '-c', places));
    const [first, second] = [0, 1].map(() =>
      runSteady(folder, { sameAddresses: false }, 'python3', '-c', places),
    );
    expect(first).not.toBe(second);
  });

  test('have their arguments, variables, threads, children and as deep a stack as before', () => {
    const words = ['', 'a b', 'c'.repeat(10_000)];
    const asked =
      "import os, subprocess, sys, threading; sys.setrecursionlimit(20000); f = lambda n: 0 if n == 0 else 1 + f(n - 1); t = threading.Thread(target=lambda: print('thread', flush=True)); t.start(); t.join(); print(sys.argv[1:] == ['', 'a b', 'c' * 10000], 'PATH' in os.environ, f(10000), os.readlink('/proc/self/exe') == os.path.realpath(sys.executable), flush=True); subprocess.run(['sh', '-c', 'echo $0 \"$@\"', 'child', 'x'])";
    expect(run('python3', '-c', asked, ...words)).toBe('thread\nTrue True 10000 True\nchild x\n');
  });

  test.runIf(existsSync('/usr/bin/gcc'))(
    'have as deep a stack as they set, and start each library once',
    () => {
      const source = `#include <stdio.h>
#include <sys/resource.h>
__attribute__((constructor)) static void begin(void) { puts("begun"); }
static int deep(long n) { volatile char part[1024]; part[0] = n; return n <= 0 ? 0 : deep(n - 1) + part[0] * 0; }
int main(void) {
  struct rlimit limit = {64 << 20, RLIM_INFINITY};
  setrlimit(RLIMIT_STACK, &limit);
  return deep(55000);
}`;
      writeFileSync(join(folder, 'deep.c'), source);
      execFileSync('gcc', ['-O0', '-o', 'deep', 'deep.c'], { cwd: folder });
      expect(run(join(folder, 'deep'))).toBe('begun\n');
    },
  );

  test('that cannot be placed run where the kernel puts them', () => {
    // Of an unlimited stack, libraries lie elsewhere; with a limit of memory, nothing can be taken.
    expect(run('sh', '-c', 'ulimit -s unlimited; /bin/echo stack')).toBe('stack\n');
    expect(run('sh', '-c', 'ulimit -v 4000000; /bin/echo memory')).toBe('memory\n');
  });
});
