import dns from 'node:dns';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { judgeScan } from '../../src/criteria/known-cves.ts';
import {
  type FilesystemFact,
  unknownFact,
  type VulnerabilitiesFact,
} from '../../src/model/facts.ts';
import { digestOf } from '../../src/model/reference.ts';
import type { ImageScan } from '../../src/scan/scan-evidence.ts';
import { scanImage } from '../../src/scan/scan-image.ts';
import { updateDatabase } from '../../src/scan/update-database.ts';
import { contextOf } from '../config/pipeline-context.ts';
import { type FakeOsv, fakeOsv } from '../fakes/fake-osv.ts';
import { fakeRun, type ScriptedRun } from '../fakes/fake-run.ts';
import { advisory, affects, exportZip, putExport } from '../fakes/made-export.ts';
import { memoryCache, pkg } from './osv-support.ts';

const sample = (name: string): string =>
  readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8');

let home: string;
let osv: FakeOsv;
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'scoville-scan-test-'));
  mkdirSync(join(home, 'bin'));
  mkdirSync(join(home, 'work'));
  osv = await fakeOsv();
  osv.knows('npm', 'lodash');
});
afterEach(async () => {
  rmSync(home, { recursive: true, force: true });
  await osv.close();
});

/** A program of that name on PATH; what it does is the fake runner's business. */
function install(...names: readonly string[]): void {
  for (const name of names) {
    writeFileSync(join(home, 'bin', name), '#!/bin/sh\n');
    chmodSync(join(home, 'bin', name), 0o755);
  }
}

const PROGRAM = {
  path: 'app',
  type: 'file',
  mode: 0o755,
  uid: 0,
  gid: 0,
  size: 1,
  layer: digestOf('l'),
} as const;

function filesystem(given: Partial<FilesystemFact> = {}): FilesystemFact {
  return {
    executables: [PROGRAM],
    elevated: [],
    has: () => false,
    managerFiles: [],
    passwd: undefined,
    osRelease: undefined,
    fileCount: 1,
    ...given,
  };
}

const LAYOUT = { layoutDir: '/l' };
const NO_LAYOUT = {};

async function scan(
  script: readonly ScriptedRun[],
  given: Partial<ImageScan> = {},
  place: typeof LAYOUT | typeof NO_LAYOUT = LAYOUT,
) {
  const { run, runs } = fakeRun(script);
  const context = contextOf(run, join(home, 'work'), {
    env: { PATH: join(home, 'bin'), HOME: home },
    now: () => NOW,
  });
  const fact = await scanImage(context, {
    scanner: 'auto',
    content: {
      packages: [pkg('npm', 'left', '1.0.0')],
      filesystem: filesystem(),
      unreadablePackages: [],
    },
    image: { digests: [digestOf('image')], references: [] },
    vex: [],
    offline: false,
    osvUrl: osv.url,
    cache: memoryCache(),
    databases: join(home, 'cache/advisories/v2'),
    databaseDays: 36_500,
    ...place,
    ...given,
  });
  return { fact, runs };
}

const NOW = Date.parse('2026-11-27T00:00:00Z');

/** A database of npm with one advisory, of 2026-11-20. */
async function fetchedDatabase(): Promise<void> {
  const { run } = fakeRun([]);
  const context = contextOf(run, home, { now: () => NOW });
  const affected = [affects('npm', 'left', [{ introduced: '0' }])];
  const from = join(home, 'osv');
  putExport(
    from,
    'npm',
    exportZip([
      advisory('GHSA-aaaa-bbbb-cccc', {
        aliases: ['CVE-2026-0001'],
        database_specific: { severity: 'HIGH' },
        affected,
      }),
    ]),
  );
  await updateDatabase(context, { ecosystem: 'npm', from, onProgress: () => undefined });
}

async function scanned(...args: Parameters<typeof scan>): Promise<VulnerabilitiesFact> {
  const { fact } = await scan(...args);
  if (!fact.known) throw new Error(fact.reason);
  return fact.value;
}

const grype = (result: ScriptedRun['result']): ScriptedRun => ({
  command: 'grype',
  args: [],
  result,
});
const trivy: readonly ScriptedRun[] = [
  { command: 'trivy', args: ['image'], result: { stdout: sample('trivy/report.json') } },
  { command: 'trivy', args: ['version'], result: { stdout: sample('trivy/version.json') } },
];
function addPlugin(): void {
  const folder = join(home, 'work/docker/cli-plugins');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'docker-scout'), '');
}

const noScout: ScriptedRun = {
  command: 'docker',
  args: ['scout', 'version'],
  result: { exitCode: 1 },
};

describe('who is asked', () => {
  test('the next where that one fails, which is told', async () => {
    install('grype', 'trivy');
    const found = await scanned([grype({ exitCode: 1, stderr: 'no database' }), ...trivy]);
    expect([found.scanner, found.notices?.[0]]).toEqual([
      'trivy',
      'no vulnerability scan (grype): no database',
    ]);
  });

  test('docker scout where docker has it', async () => {
    install('docker');
    addPlugin();
    const found = await scanned([
      { command: 'docker', args: ['scout', 'version'], result: {} },
      {
        command: 'docker',
        args: ['scout', 'cves'],
        result: { stdout: sample('docker-scout/report.sarif.json') },
      },
    ]);
    expect(found.scanner).toBe('docker scout');
  });

  test('docker is not asked where it finds no plugin scout', async () => {
    install('docker');
    expect((await scanned([])).scanner).toBe(`OSV at ${osv.url}`);
  });

  test('OSV where there is none', async () => {
    install('docker');
    addPlugin();
    osv.entries.push({
      id: 'GHSA-1',
      database_specific: { severity: 'LOW' },
      affected: [{ package: { ecosystem: 'npm', name: 'left' } }],
    });
    const found = await scanned([noScout]);
    expect(found).toMatchObject({
      scanner: `OSV at ${osv.url}`,
      vulnerabilities: [{ id: 'GHSA-1' }],
    });
  });

  test('the one that is named and no other', async () => {
    install('grype');
    expect((await scan([], { scanner: 'trivy' })).fact).toMatchObject({
      known: false,
      reason: 'trivy is not installed',
    });
    expect(
      (await scan([grype({ exitCode: 1, stderr: 'broken' })], { scanner: 'grype' })).fact,
    ).toMatchObject({
      reason: 'no vulnerability scan (grype): broken',
    });
    expect((await scanned([], { scanner: 'osv' })).scanner).toBe(`OSV at ${osv.url}`);
  });

  test('nobody, where scanning is off', async () => {
    install('grype');
    expect((await scan([], { scanner: 'none' })).fact).toEqual({
      known: false,
      reason: 'scanning is turned off',
      settle: 'scoville grade --scanner auto IMAGE',
    });
  });

  test('nobody over the network, offline: unknown at once', async () => {
    const { fact } = await scan([], { offline: true });
    expect(fact).toMatchObject({
      known: false,
      reason: 'no vulnerability scan (database): no database of advisories here',
      settle: 'scoville db update --from FOLDER && scoville grade IMAGE',
    });
    expect(osv.calls).toEqual([]);
  });

  test('the database, offline, and nothing opens a socket', async () => {
    const connect = vi.spyOn(Socket.prototype, 'connect');
    const lookup = vi.spyOn(dns, 'lookup');
    await fetchedDatabase();
    const offline = await scanned([], { offline: true });
    expect([offline.scanner, offline.vulnerabilities.map(({ id }) => id)]).toEqual([
      `OSV database from ${join(home, 'osv')}`,
      ['CVE-2026-0001'],
    ]);
    const named = await scanned([], { offline: true, scanner: 'database' });
    expect(named).toEqual(offline);
    expect([connect.mock.calls, lookup.mock.calls]).toEqual([[], []]);
    vi.restoreAllMocks();
  });

  test('the database where OSV cannot be reached, and the reason is told', async () => {
    await fetchedDatabase();
    const found = await scanned([], { osvUrl: 'http://127.0.0.1:1' });
    expect(found.scanner).toBe(`OSV database from ${join(home, 'osv')}`);
    expect(found.notices).toEqual([
      'no vulnerability scan (osv): OSV (127.0.0.1:1): connection refused',
    ]);
  });

  test('a database older than the user lets it be leaves a gap', async () => {
    await fetchedDatabase();
    const found = await scanned([], { offline: true, databaseDays: 5 });
    expect(found.gaps).toEqual(['its database is 7 days old, and `databaseDays` allows 5']);
    expect((await scanned([], { offline: true, databaseDays: 7 })).gaps).toBeUndefined();
  });

  test('a scanner with a database is used offline', async () => {
    install('grype');
    const { fact, runs } = await scan([grype({ stdout: sample('grype/report.json') })], {
      offline: true,
    });
    expect(fact.known).toBe(true);
    expect(runs[0]?.env?.['GRYPE_DB_AUTO_UPDATE']).toBe('false');
  });

  test('nothing that stands in the working folder', async () => {
    mkdirSync(join(home, 'work', 'bin'));
    writeFileSync(join(home, 'work', 'bin', 'grype'), '');
    chmodSync(join(home, 'work', 'bin', 'grype'), 0o755);
    const { run } = fakeRun([]);
    const context = contextOf(run, join(home, 'work'), {
      env: { PATH: join(home, 'work', 'bin'), HOME: home },
    });
    const fact = await scanImage(context, {
      scanner: 'grype',
      content: { packages: [], filesystem: filesystem(), unreadablePackages: [] },
      image: { digests: [digestOf('image')], references: [] },
      vex: [],
      offline: false,
      osvUrl: osv.url,
      cache: memoryCache(),
      databases: join(home, 'databases'),
      databaseDays: 30,
    });
    expect(fact).toMatchObject({ known: false, reason: 'grype is not installed' });
  });
});

describe('an image that lies nowhere on disk', () => {
  test('is scanned by our list of its packages, in a file that is gone afterwards', async () => {
    install('grype');
    let file = '';
    let names: unknown;
    const result: ScriptedRun['result'] = (what) => {
      file = what.args[0]?.replace('sbom:', '') ?? '';
      const sbom = JSON.parse(readFileSync(file, 'utf8')) as { components: { purl?: string }[] };
      names = sbom.components.map(({ purl }) => purl);
      what.onStdoutLine?.(sample('grype/report.json'));
      return Promise.resolve({ ended: 'exit', exitCode: 0, stdout: '', stderr: '' });
    };
    const { fact } = await scan([grype(result)], {}, NO_LAYOUT);
    expect(fact.known).toBe(true);
    expect([names, existsSync(file)]).toEqual([['pkg:npm/left@1.0.0'], false]);
  });
});

describe('what proves nothing', () => {
  const nothing = { packages: [], filesystem: filesystem(), unreadablePackages: [] };

  test('nothing found where programs lie and no package is recorded', async () => {
    const notScanned = 'no package metadata';
    expect(await scanned([], { content: nothing })).toMatchObject({
      vulnerabilities: [],
      notScanned,
    });
    install('grype');
    const empty = JSON.stringify({
      matches: [],
      descriptor: { version: '1', db: { built: '2026-01-01T00:00:00Z' } },
    });
    expect(await scanned([grype({ stdout: empty })], { content: nothing })).toMatchObject({
      notScanned,
    });
  });

  test('an image without packages, where nobody was asked', async () => {
    const content = { ...nothing, filesystem: filesystem({ executables: [] }) };
    const found = await scanned([], { content, osvUrl: 'http://127.0.0.1:1' });
    expect(found.notScanned).toBe('no package metadata');
    expect(judgeScan(found, 'critical', unknownFact('')).outcome).toBe('unknown');
    expect(judgeScan(found, undefined, unknownFact(''))).toMatchObject({
      outcome: 'unknown',
      summary: 'not scanned: no package metadata',
    });
  });

  test('packages whose record could not be read, where they were looked up by it', async () => {
    const unreadablePackages = [
      { location: { path: 'var/lib/rpm/Packages', layer: digestOf('l') }, reason: 'it is torn' },
    ];
    const content = {
      packages: [pkg('npm', 'left', '1.0.0')],
      filesystem: filesystem(),
      unreadablePackages,
    };
    expect((await scanned([], { content })).gaps).toEqual([
      '1 records of packages could not be read, var/lib/rpm/Packages: it is torn',
    ]);
    install('grype');
    const found = await scanned([grype({ stdout: sample('grype/report.json') })], { content });
    expect(found.gaps).toBeUndefined();
  });
});

test('VEX is applied the same whoever scanned, by the package URL of our own catalogue where the scanner gives none', async () => {
  install('trivy');
  const libc = pkg('deb', 'libc6', '2.41-12', { purl: 'pkg:deb/debian/libc6@2.41-12?arch=amd64' });
  const value = {
    '@context': 'https://openvex.dev/ns/v0.2.0',
    statements: [
      {
        vulnerability: { name: 'CVE-2025-1111' },
        products: [{ '@id': 'pkg:deb/debian/libc6@2.41-12' }],
        status: 'not_affected',
        justification: 'component_not_present',
      },
    ],
  };
  const found = await scanned(trivy, {
    content: { packages: [libc], filesystem: filesystem(), unreadablePackages: [] },
    vex: [{ name: 'vex.json', trusted: true, value }],
  });
  expect(found).toMatchObject({
    vulnerabilities: [{ id: 'CVE-2011-3389' }],
    suppressedByVex: 1,
    suppressed: [{ vulnerability: { id: 'CVE-2025-1111', path: 'db/libc6' }, source: 'vex.json' }],
  });
});
