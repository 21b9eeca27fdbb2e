import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { OsRelease } from '../../src/model/packages.ts';
import { type OsvRequest, scanWithOsv } from '../../src/scan/osv.ts';
import { type FakeOsv, fakeOsv, type OsvEntry, type OsvFault } from '../fakes/fake-osv.ts';
import { yamlTable } from '../fakes/table.ts';
import { memoryCache, pkg } from './osv-support.ts';

const NOW = Date.parse('2026-11-24T12:00:00Z');
const HOUR_MS = 3_600_000;
const DEBIAN: OsRelease = { id: 'debian', versionId: '12' };
const V3_CRITICAL = { type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' };
const libssl = pkg('deb', 'libssl3', '3.0.9-1+b1', {
  source: { name: 'openssl', version: '3.0.9-1' },
});
const left = pkg('npm', 'left', '1.0.0');
const low = (id: string, name = 'left') => ({
  id,
  database_specific: { severity: 'LOW' },
  affected: [{ package: { ecosystem: 'npm', name } }],
});

type Fault = readonly [what: string, fault: OsvFault['kind'], reason: string];
const FAULTS = yamlTable('test/scan/osv-faults.yaml') as Readonly<
  Record<'passing' | 'queries' | 'records', readonly Fault[]>
>;
const ENTRIES = yamlTable('test/scan/osv-entries.yaml') as {
  readonly source: { readonly entry: OsvEntry; readonly found: object };
  readonly names: { readonly entries: readonly OsvEntry[]; readonly found: readonly object[] };
};

let osv: FakeOsv;
beforeEach(async () => {
  osv = await fakeOsv();
  osv.knows('Debian:12');
  osv.knows('npm', 'lodash');
});
afterEach(() => osv.close());

function ask(given: Partial<OsvRequest> = {}) {
  return scanWithOsv({
    url: osv.url,
    userAgent: 'scoville/1.2.3',
    packages: [libssl],
    osRelease: DEBIAN,
    cache: memoryCache(),
    now: NOW,
    ...given,
  });
}

async function found(given: Partial<OsvRequest> = {}) {
  const result = await ask(given);
  if (!result.ok) throw new Error(result.error);
  return result.value;
}

describe('what is found', () => {
  test('a distribution package, by its source and that one’s version, the distribution’s urgency before CVSS', async () => {
    osv.entries.push(ENTRIES.source.entry);
    expect(await found()).toEqual({
      scanner: `OSV at ${osv.url}`,
      scannerVersion: 'API v1',
      databaseDate: '2026-11-24T12:00:00.000Z',
      suppressedByVex: 0,
      vulnerabilities: [ENTRIES.source.found],
    });
    expect([...osv.agents]).toEqual(['scoville/1.2.3']);
  });

  test('one CVE under four names counts once; an advisory counts as its CVEs; what is withdrawn does not', async () => {
    osv.entries.push(...ENTRIES.names.entries);
    const { vulnerabilities } = await found({ packages: [libssl, left] });
    const counted = vulnerabilities.map(({ id, severity, severitySource, aliases }) => {
      return [id, severity, severitySource, aliases];
    });
    expect(counted).toEqual(ENTRIES.names.found);
  });

  test('a record that judges nothing is as bad as its CVE, where that is known', async () => {
    osv.knows('Wolfi');
    const curl = { ecosystem: 'Wolfi', name: 'curl' };
    osv.entries.push(
      { id: 'CGA-1111-2222', upstream: ['CVE-2025-0007', 'GHSA-x'], affected: [{ package: curl }] },
      { id: 'CGA-3333-4444', upstream: ['CVE-2025-0008'], affected: [{ package: curl }] },
      { id: 'CVE-2025-0007', severity: [V3_CRITICAL], affected: [] },
    );
    const { vulnerabilities } = await found({
      packages: [pkg('apk', 'curl', '8.1-r0')],
      osRelease: { id: 'wolfi' },
    });
    expect(vulnerabilities.map(({ id, severity }) => [id, severity])).toEqual([
      ['CVE-2025-0007', 'critical'],
      ['CVE-2025-0008', 'unknown'],
    ]);
  });

  test('all pages of every answer, in batches of a thousand', async () => {
    osv.pageSize = 2;
    const packages = Array.from({ length: 1001 }, (_, i) => pkg('npm', `p${i}`, '1.0.0'));
    for (const name of ['p0', 'p1000'])
      for (let i = 0; i < 5; i++) osv.entries.push(low(`GHSA-${name}-${i}`, name));
    const { vulnerabilities } = await found({ packages });
    expect(vulnerabilities).toHaveLength(10);
    expect(osv.calls.filter((call) => call === 'POST /v1/querybatch')).toHaveLength(4);
  });

  test('records are fetched once in their life, until they change, and few at a time', async () => {
    const records = Array.from({ length: 60 }, (_, i) => low(`GHSA-${i}`));
    osv.entries.push(...records);
    const cache = memoryCache();
    await found({ packages: [left], cache });
    const fetched = () => osv.calls.filter((call) => call.startsWith('GET')).length;
    expect(fetched()).toBe(60);
    expect(osv.busiest).toBeLessThanOrEqual(16);
    const again = await found({ packages: [left], cache });
    expect([fetched(), again.vulnerabilities.length]).toEqual([60, 60]);
    osv.entries.push({
      ...records[0],
      id: 'GHSA-0',
      affected: [],
      modified: '2026-11-02T00:00:00Z',
    });
    osv.entries.splice(
      osv.entries.findIndex(({ id }) => id === 'GHSA-1'),
      1,
      {
        ...records[1],
        id: 'GHSA-1',
        affected: records[1]?.affected ?? [],
        modified: '2026-11-02T00:00:00Z',
        withdrawn: '2026-11-02T00:00:00Z',
      },
    );
    const changed = await found({ packages: [left], cache, now: NOW + HOUR_MS });
    expect([fetched(), changed.vulnerabilities.length]).toEqual([61, 59]);
  });

  test.each<{ what: string; now?: number; kept?: object; asked: number; at?: number }>([
    { what: 'a minute later', now: NOW + 60_000, asked: 1, at: NOW },
    { what: 'an hour later', now: NOW + HOUR_MS, asked: 2 },
    { what: 'with a clock that went back', now: NOW - 1, asked: 2 },
    { what: 'of an entry without a date', kept: { at: undefined }, asked: 2 },
    {
      what: 'of an entry with a question too many',
      kept: { matches: [{ question: 1, id: 'GHSA-2', modified: '' }] },
      asked: 2,
    },
    {
      what: 'of an entry with a name of a file',
      kept: { matches: [{ question: 0, id: '../x', modified: '' }] },
      asked: 2,
    },
  ])(
    'the same questions $what: asked $asked times',
    async ({ now = NOW, kept, asked, at = now }) => {
      osv.entries.push(low('GHSA-1'));
      const cache = memoryCache();
      const first = await found({ packages: [left], cache, now: NOW });
      for (const [key, entry] of cache.kept)
        if (key.includes(' answers ')) cache.kept.set(key, { ...(entry as object), ...kept });
      const again = await found({ packages: [left], cache, now });
      expect(osv.calls.filter((call) => call === 'POST /v1/querybatch')).toHaveLength(asked);
      expect(again).toEqual({ ...first, databaseDate: new Date(at).toISOString() });
    },
  );
});

describe('what cannot be known', () => {
  test('a release that the server does not know is a gap, and so is a distribution that OSV does not know', async () => {
    const forky: OsRelease = { id: 'debian', versionId: '99' };
    expect(await found({ osRelease: forky })).toMatchObject({
      vulnerabilities: [],
      gaps: ['OSV has no data for Debian:99'],
    });
    const fedora: OsRelease = { id: 'fedora', versionId: '43', prettyName: 'Fedora Linux 43' };
    expect(
      await found({ packages: [pkg('rpm', 'curl', '8.1-1')], osRelease: fedora }),
    ).toMatchObject({
      gaps: ['OSV has no data for Fedora Linux 43, 1 of its packages were not looked up'],
    });
  });

  test('an ecosystem that the server refuses is a gap, the others are answered', async () => {
    osv.entries.push(low('GHSA-1'));
    const packages = [left, pkg('nuget', 'Some.Thing', '1.0.0')];
    expect(await found({ packages })).toMatchObject({
      vulnerabilities: [{ id: 'GHSA-1' }],
      gaps: ['OSV has no data for NuGet'],
    });
  });

  test('a server that is not there is told of at once', async () => {
    expect(await ask({ url: 'http://127.0.0.1:1' })).toEqual({
      ok: false,
      error: 'OSV (127.0.0.1:1): connection refused',
    });
    const nameless = await ask({ url: 'http://osv.invalid' });
    expect(nameless.ok ? '' : nameless.error).toBe('OSV (osv.invalid): DNS lookup failed');
  });
});

describe('a server on a bad day', () => {
  beforeEach(() => {
    osv.entries.push(low('GHSA-1'));
  });
  const one = { packages: [left] };

  test.each(FAULTS.passing)('that %s is asked again', async (_, fault) => {
    osv.fail(/querybatch/, fault);
    osv.fail(/vulns/, fault);
    expect((await found(one)).vulnerabilities).toHaveLength(1);
  });

  test('that is slow is given up, and asked again', async () => {
    osv.fail(/querybatch/, { do: 'hang' });
    expect((await found({ ...one, requestMs: 150 })).vulnerabilities).toHaveLength(1);
  });

  test.each(FAULTS.queries)('that %s is an error, with the reason', async (_, fault, reason) => {
    osv.fail(/querybatch/, fault, 99);
    const result = await ask({ ...one, budgetMs: 1500 });
    expect(result).toMatchObject({
      ok: false,
      error: expect.stringMatching(new RegExp(reason)) as string,
    });
  });

  test.each(FAULTS.records)('that %s: half of the evidence is none', async (_, fault, reason) => {
    osv.fail(/vulns/, fault, 9);
    expect(await ask(one)).toMatchObject({
      ok: false,
      error: expect.stringContaining(reason) as string,
    });
  });

  test('more vulnerabilities for one question than any package has', async () => {
    const vulns = Array.from({ length: 200_001 }, (_, i) => ({ id: `GHSA-${i}` }));
    const body = JSON.stringify({ results: [{ vulns }, {}] });
    osv.fail(/querybatch/, { do: 'say', body });
    expect(await ask(one)).toMatchObject({
      ok: false,
      error: expect.stringContaining('no end') as string,
    });
  });

  test('pages without end end', async () => {
    const body = '{"results":[{"vulns":[{"id":"GHSA-1"}],"next_page_token":"x"},{}]}';
    osv.fail(/querybatch/, { do: 'say', body });
    osv.fail(/querybatch/, { do: 'say', body: body.replace(',{}', '') }, 999);
    expect(await ask(one)).toMatchObject({ error: expect.stringContaining('no end') as string });
  });

  test('time is up after the budget', async () => {
    osv.fail(/vulns/, { do: 'hang' }, 99);
    expect(await ask({ ...one, budgetMs: 300 })).toMatchObject({
      ok: false,
      error: expect.stringContaining('it took too long in all') as string,
    });
  });

  test('an interruption is thrown', async () => {
    osv.fail(/querybatch/, { do: 'hang' });
    const stop = new AbortController();
    const asking = ask({ ...one, signal: stop.signal });
    setTimeout(() => {
      stop.abort(new Error('stopped'));
    }, 50);
    await expect(asking).rejects.toThrow('stopped');
  });
});
