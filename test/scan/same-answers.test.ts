import { mkdtempSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Result } from '../../src/lib/errors.ts';
import type { VulnerabilitiesFact, Vulnerability } from '../../src/model/facts.ts';
import type { OsRelease, Package } from '../../src/model/packages.ts';
import { scanWithDatabase } from '../../src/scan/advisories.ts';
import { databaseFolder } from '../../src/scan/database-folder.ts';
import { scanWithOsv } from '../../src/scan/osv.ts';
import { parseGrype, parseTrivy } from '../../src/scan/scanners.ts';
import { updateDatabase } from '../../src/scan/update-database.ts';
import { contextOf } from '../config/pipeline-context.ts';
import { type FakeOsv, fakeOsv, type OsvEntry } from '../fakes/fake-osv.ts';
import { fakeRun } from '../fakes/fake-run.ts';
import { advisory, affects, exportZip, putExport } from '../fakes/made-export.ts';
import { yamlTable } from '../fakes/table.ts';
import { memoryCache, pkg } from './osv-support.ts';

/** What every scanner must say of the package: id, severity, fix. */
type Finding = readonly [id: string, severity: string, fix: string | undefined];

interface Case {
  readonly title: string;
  readonly os?: OsRelease;
  readonly installed: Package;
  /** By the export that each is in. */
  readonly exports: Readonly<Record<string, readonly OsvEntry[]>>;
  readonly found: readonly Finding[];
}

const DEBIAN: OsRelease = { id: 'debian', versionId: '13' };
const ALPINE: OsRelease = { id: 'alpine', versionId: '3.20.3' };

const HIGH = [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N' }];

function entry(id: string, given: Readonly<Record<string, unknown>>): OsvEntry {
  return advisory(id, given);
}

interface Row extends Omit<Case, 'installed' | 'found'> {
  readonly installed: Parameters<typeof pkg>;
  readonly found: readonly (readonly [id: string, severity: string, fix?: string])[];
}

const ROWS = yamlTable('test/scan/same-answers.yaml') as readonly Row[];
const CASES = ROWS.map(({ installed, exports, found, ...row }) => ({
  ...row,
  installed: pkg(...installed),
  exports: Object.fromEntries(
    Object.entries(exports).map(([name, records]) => [
      name,
      records.map(({ id, ...given }) => entry(id, given)),
    ]),
  ),
  found: found.map(([id, severity, fix]): Finding => [id, severity, fix]),
}));

let home: string;
let osv: FakeOsv;
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'scoville-answers-'));
  osv = await fakeOsv();
});
afterEach(async () => {
  rmSync(home, { recursive: true, force: true });
  await osv.close();
});

const NOW = Date.parse('2026-11-27T00:00:00Z');

async function byDatabase({ exports, installed, os }: Case): Promise<Result<VulnerabilitiesFact>> {
  const context = contextOf(fakeRun([]).run, home, { now: () => NOW });
  for (const [ecosystem, records] of Object.entries(exports)) {
    putExport(join(home, 'osv'), ecosystem, exportZip(records));
    await updateDatabase(context, {
      ecosystem,
      from: join(home, 'osv'),
      onProgress: () => undefined,
    });
  }
  return scanWithDatabase({
    folder: databaseFolder(context),
    packages: [installed],
    osRelease: os,
    now: NOW,
  });
}

/**
 * The server says itself which versions are affected: those of the records that are about what is
 * found.
 */
async function byApi({
  exports,
  installed,
  os,
  found,
}: Case): Promise<Result<VulnerabilitiesFact>> {
  const ids = found.map(([id]) => id);
  for (const record of Object.values(exports).flat()) {
    const named = [record['aliases'], record['upstream'], record['related'], record.id].flat();
    const isFound = named.some((name) => ids.includes(String(name)));
    osv.entries.push({
      ...record,
      affected: record.affected.map((one) => ({
        ...one,
        versions: isFound
          ? [installed.source?.version ?? installed.version.replace(/^v/, '')]
          : ['0'],
      })),
    });
  }
  for (const name of ['Debian:13', 'Ubuntu:24.04:LTS', 'Alpine:v3.20', 'Rocky Linux:9'])
    osv.knows(name);
  osv.knows('npm', 'lodash');
  osv.knows('PyPI', 'django');
  osv.knows('Go', 'stdlib');
  return scanWithOsv({
    url: osv.url,
    userAgent: 't',
    packages: [installed],
    osRelease: os,
    cache: memoryCache(),
    now: NOW,
  });
}

function byTrivy({ installed, found }: Case): Result<VulnerabilitiesFact> {
  const Vulnerabilities = found.map(([id, severity, fix]) => ({
    VulnerabilityID: id,
    PkgName: installed.name,
    InstalledVersion: installed.version,
    PkgIdentifier: { PURL: installed.purl },
    FixedVersion: fix,
    Severity: severity.toUpperCase(),
    SeveritySource: 'debian',
  }));
  const report = { SchemaVersion: 2, Results: [{ Target: 'image', Vulnerabilities }] };
  return parseTrivy(JSON.stringify(report), { version: '0.60.0', databaseDate: undefined });
}

function byGrype({ installed, found }: Case): Result<VulnerabilitiesFact> {
  const matches = found.map(([id, severity, fix]) => ({
    vulnerability: {
      id,
      severity: severity.replace(/^./, (first) => first.toUpperCase()),
      namespace: 'debian:distro:debian:13',
      fix: { versions: fix === undefined ? [] : [fix], state: 'fixed' },
    },
    relatedVulnerabilities: [],
    artifact: { name: installed.name, version: installed.version, purl: installed.purl },
  }));
  return parseGrype(
    JSON.stringify({ matches, descriptor: { name: 'grype', version: '0.90.0', db: {} } }),
  );
}

function answer(result: Result<VulnerabilitiesFact>): readonly (readonly unknown[])[] {
  if (!result.ok) throw new Error(result.error);
  return result.value.vulnerabilities.map((one: Vulnerability) => [
    one.id,
    one.severity,
    one.fixedIn,
    one.package,
    one.version,
  ]);
}

describe.each(CASES)('$title', (given) => {
  const wanted = given.found.map((one) => [...one, given.installed.name, given.installed.version]);
  test('the database, the API, trivy and grype say the same', async () => {
    const database = await byDatabase(given);
    expect(answer(database)).toEqual(wanted);
    expect(database).toMatchObject({
      ok: true,
      value: {
        scanner: `OSV database from ${join(home, 'osv')}`,
        databaseDate: '2026-11-20T00:00:00.000Z',
      },
    });
    expect(database.ok && database.value.gaps).toBeUndefined();
    expect(answer(await byApi(given))).toEqual(wanted);
    expect(answer(byTrivy(given))).toEqual(wanted);
    expect(answer(byGrype(given))).toEqual(wanted);
  });
});

describe('what the database cannot say', () => {
  const npm = {
    npm: [entry('GHSA-mmmm-nnnn-oooo', { affected: [affects('npm', 'a', [{ introduced: '0' }])] })],
  };
  const base = { title: '', found: [] };

  test('without any of what is asked: an error that says what to run', async () => {
    expect(await byDatabase({ ...base, installed: pkg('pypi', 'a', '1'), exports: npm })).toEqual({
      ok: false,
      error: 'no database of advisories here. Run: scoville db update',
    });
  });

  test('a release that the export has nothing of', async () => {
    const exports = {
      Debian: [entry('DSA-1', { affected: [affects('Debian:12', 'a', [{ introduced: '0' }])] })],
    };
    const result = await byDatabase({
      ...base,
      os: DEBIAN,
      installed: pkg('deb', 'a', '1'),
      exports,
    });
    expect(result).toMatchObject({
      ok: true,
      value: { vulnerabilities: [], gaps: ['the database has no data for Debian:13'] },
    });
  });

  test('a record whose versions nobody can tell, of a package that is there', async () => {
    const exports = {
      npm: [
        entry('GHSA-pppp-qqqq-rrrr', {
          affected: [
            { package: { ecosystem: 'npm', name: 'a' }, ranges: [{ type: 'NEW', events: [] }] },
          ],
        }),
      ],
    };
    const result = await byDatabase({ ...base, installed: pkg('npm', 'a', '1.0.0'), exports });
    expect(result).toMatchObject({
      ok: true,
      value: { gaps: ['GHSA-pppp-qqqq-rrrr for a: a range of it cannot be read'] },
    });
  });

  test('a severity of an old export is as old as that', async () => {
    const exports = {
      Alpine: [
        entry('ALPINE-CVE-2026-0004', {
          upstream: ['CVE-2026-0004'],
          affected: [affects('Alpine:v3.20', 'a', [{ introduced: '0' }])],
        }),
      ],
      GIT: [entry('CVE-2025-0001', {})],
    };
    const given = { ...base, os: ALPINE, installed: pkg('apk', 'a', '1.0-r0'), exports };
    await byDatabase(given);
    const old = new Date('2026-01-02T00:00:00Z');
    utimesSync(join(home, 'osv', 'GIT', 'all.zip'), old, old);
    const context = contextOf(fakeRun([]).run, home, { now: () => NOW });
    await updateDatabase(context, {
      ecosystem: 'GIT',
      from: join(home, 'osv'),
      onProgress: () => undefined,
    });
    const { os, installed } = given;
    const scan = { folder: databaseFolder(context), now: NOW };
    expect(await scanWithDatabase({ ...scan, packages: [installed], osRelease: os })).toMatchObject(
      { ok: true, value: { databaseDate: '2026-01-02T00:00:00.000Z' } },
    );
    const judged = await scanWithDatabase({
      ...scan,
      packages: [pkg('apk', 'b', '1.0-r0')],
      osRelease: os,
    });
    expect(judged.ok && judged.value.databaseDate).toBe('2026-11-20T00:00:00.000Z');
  });

  test('a severity that only the CVE itself has', async () => {
    const exports = {
      Alpine: [
        entry('ALPINE-CVE-2026-0004', {
          upstream: ['CVE-2026-0004'],
          affected: [affects('Alpine:v3.20', 'a', [{ introduced: '0' }])],
        }),
      ],
    };
    const result = await byDatabase({
      ...base,
      os: ALPINE,
      installed: pkg('apk', 'a', '1.0-r0'),
      exports,
    });
    expect(result).toMatchObject({
      ok: true,
      value: {
        vulnerabilities: [{ id: 'CVE-2026-0004', severity: 'unknown' }],
        unrated: 'scoville db update GIT && scoville grade IMAGE',
      },
    });
    const withCommits = await byDatabase({
      ...base,
      os: ALPINE,
      installed: pkg('apk', 'a', '1.0-r0'),
      exports: { ...exports, GIT: [entry('CVE-2026-0005', { severity: HIGH })] },
    });
    expect(withCommits).toMatchObject({
      ok: true,
      value: {
        vulnerabilities: [{ id: 'CVE-2026-0004', severity: 'unknown' }],
        unrated: expect.stringContaining('scoville vex') as unknown,
      },
    });
  });
});
