import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { retimedRpmDatabase } from '../../src/normalize/rules/databases.ts';
import { until } from './until.ts';
import { folderHere } from './workplace.ts';

const SPEC = (name: string, files: number): string => `Name: ${name}
Version: 1
Release: 1
Summary: s
License: MIT
BuildArch: noarch
%description
d
%install
mkdir -p %{buildroot}/opt/${name}
for i in $(seq 1 ${files}); do echo $i > %{buildroot}/opt/${name}/file-$i; done
%files
/opt/${name}
`;

describe('what rpm does, twice', () => {
  const folder = folderHere('rpm');
  const epoch = 1_500_000_000;

  beforeAll(() => {
    for (const [name, files] of [
      ['small', 1],
      ['large', 600],
    ] as const) {
      writeFileSync(join(folder, `${name}.spec`), SPEC(name, files));
      const define = (macro: string) => ['--define', macro];
      execFileSync('rpmbuild', [
        '-bb',
        ...define(`_topdir ${folder}/build`),
        ...define(`_rpmdir ${folder}`),
        ...define('_build_name_fmt %{NAME}.rpm'),
        join(folder, `${name}.spec`),
      ]);
    }
  }, 120_000);

  const rpm = (db: string, ...args: string[]): string =>
    execFileSync('rpm', ['--dbpath', db, ...args], { encoding: 'utf8' });

  /**
   * Installs, removes and installs, so that free pages hold what was there; in a root of its own.
   */
  function installed(name: string): { readonly root: string; readonly db: string } {
    const root = join(folder, name);
    mkdirSync(root);
    const db = join(root, 'var/lib/rpm');
    const here = (...args: string[]) =>
      execFileSync('rpm', ['--root', root, '--dbpath', '/var/lib/rpm', '--noscripts', ...args]);
    here('-i', join(folder, 'small.rpm'));
    here('-i', join(folder, 'large.rpm'));
    here('-e', 'large', 'small');
    here('-i', '--excludepath', '/none', join(folder, 'small.rpm'));
    return { root, db };
  }

  test('comes out the same, and rpm reads it, verifies its files and its own tables', async () => {
    const first = installed('first');
    const seconds = (): number => Math.floor(Date.now() / 1000);
    const before = seconds();
    await until('another second', () => seconds() > before);
    const second = installed('second');
    const read = ({ db }: { db: string }) => readFileSync(join(db, 'rpmdb.sqlite'));
    expect(read(first).equals(read(second))).toBe(false);
    const after = [first, second].map((one) => retimedRpmDatabase(read(one), epoch));
    expect(Buffer.compare(after[0] ?? Buffer.alloc(1), after[1] ?? Buffer.alloc(2))).toBe(0);

    const root = join(folder, 'after');
    cpSync(first.root, root, { recursive: true, preserveTimestamps: true });
    const db = join(root, 'var/lib/rpm');
    for (const suffix of ['-shm', '-wal'])
      rmSync(join(db, `rpmdb.sqlite${suffix}`), { force: true });
    writeFileSync(join(db, 'rpmdb.sqlite'), after[0] ?? '');
    expect(rpm(db, '-qa', '--qf', '%{NAME} %{INSTALLTIME} %{INSTALLTID}\n')).toBe(
      `small ${epoch} ${epoch}\n`,
    );
    expect(rpm(db, '-q', '--tid', String(epoch), '--qf', '%{NAME}')).toBe('small');
    expect(rpm(db, '-ql', 'small')).toBe('/opt/small\n/opt/small/file-1\n');
    execFileSync('rpmdb', ['--dbpath', db, '--verifydb']);
    execFileSync('rpm', ['--root', root, '--dbpath', '/var/lib/rpm', '-V', 'small']);
    execFileSync('rpm', ['--root', root, '--dbpath', '/var/lib/rpm', '-e', 'small']);
    expect(rpm(db, '-qa')).toBe('');
  }, 120_000);
});
