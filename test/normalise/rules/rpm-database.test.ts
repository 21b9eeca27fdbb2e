import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RpmHeader } from '../../../src/formats/rpm-header.ts';
import { sqliteRows } from '../../../src/formats/sqlite-rows.ts';
import { retimedRpmDatabase } from '../../../src/normalise/rpm-times.ts';
import { contentAfter, sample } from '../sample-layer.ts';

const FIXTURE = `${import.meta.dirname}/../../fixtures/rpm/rpmdb.sqlite.gz`;
const [INSTALL_TIME, INSTALL_TID] = [1008, 1128];
const database = (): Buffer => gunzipSync(readFileSync(FIXTURE));

/** The times that a database tells of its packages, and the ids in its table of transactions. */
function timesOf(file: Uint8Array): { readonly headers: number[]; readonly table: number[] } {
  const headers = [...sqliteRows(file, 'Packages')].flatMap(([, blob]) => {
    const header = new RpmHeader(blob as Uint8Array);
    return [header.integer(INSTALL_TIME) ?? 0, header.integer(INSTALL_TID) ?? 0];
  });
  const table = [...sqliteRows(file, 'Installtid')].map(([key]) =>
    Buffer.from(key as Uint8Array).readUInt32LE(),
  );
  return { headers, table };
}

describe('a database that rpm made', () => {
  const before = timesOf(database());

  test('holds times, later ones become the epoch, earlier ones stay', () => {
    expect(new Set([...before.headers, ...before.table]).size).toBeGreaterThan(0);
    const epoch = Math.min(...before.headers) - 86_400;
    const after = timesOf(retimedRpmDatabase(database(), epoch) ?? Buffer.alloc(0));
    expect(new Set([...after.headers, ...after.table])).toEqual(new Set([epoch]));
    expect(after.headers).toHaveLength(before.headers.length);
    const later = retimedRpmDatabase(database(), Math.max(...before.headers)) ?? database();
    expect(timesOf(later)).toEqual(before);
  });

  test('all else that is read stays: names, versions, files, every table, a second pass finds nothing', () => {
    const epoch = 1_000_000_000;
    const changed = retimedRpmDatabase(database(), epoch) ?? Buffer.alloc(0);
    for (const table of ['Name', 'Basenames', 'Providename', 'Sigmd5', 'Sha1header'])
      expect([...sqliteRows(changed, table)]).toEqual([...sqliteRows(database(), table)]);
    const fields = (file: Uint8Array) =>
      [...sqliteRows(file, 'Packages')].map(([, blob]) => {
        const header = new RpmHeader(blob as Uint8Array);
        return [1000, 1001, 1002, 1117, 1004].map((tag) => header.strings(tag));
      });
    expect(fields(changed)).toEqual(fields(database()));
    expect(retimedRpmDatabase(Buffer.from(changed), epoch)).toBeUndefined();
  });

  test('goes through the rule by its path, and is left alone elsewhere', async () => {
    const at = async (path: string) => timesOf(await contentAfter(sample(path, database())));
    const late = timesOf(await contentAfter(sample('srv/rpmdb.sqlite', database())));
    expect(late).toEqual(before);
    expect(Math.max(...(await at('usr/lib/sysimage/rpm/rpmdb.sqlite')).headers)).toBeLessThan(
      Math.max(...before.headers),
    );
  });

  test('damaged ones end, and are written back as whole as they were or not at all', () => {
    const whole = database();
    const change = fc.record({ at: fc.nat(whole.length - 1), byte: fc.nat(255) });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 30 }), (changes) => {
        const bytes = Buffer.from(whole);
        for (const { at, byte } of changes)
          bytes[(byte % 2 === 0 ? at % 4096 : at) % bytes.length] = byte;
        const length = retimedRpmDatabase(bytes, 1_000_000_000)?.length;
        expect([undefined, whole.length]).toContain(length);
      }),
      { numRuns: 100 },
    );
  });
});

const hasRpm = ['rpmbuild', 'rpm', 'rpmdb'].every(
  (tool) => spawnSync(tool, ['--version']).status === 0,
);

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

describe.skipIf(!hasRpm)('what rpm at hand does, twice', () => {
  let folder = '';
  const epoch = 1_500_000_000;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'scoville-rpm-'));
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
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const rpm = (db: string, ...args: string[]): string =>
    execFileSync('rpm', ['--dbpath', db, ...args], { encoding: 'utf8' });

  /** Installs, removes and installs, so that free pages hold what was there; in a root of its own. */
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
    await new Promise((resolve) => setTimeout(resolve, 1500));
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
