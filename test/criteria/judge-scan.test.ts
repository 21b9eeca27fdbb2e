import { describe, expect, test } from 'vitest';
import { judgeScan } from '../../src/criteria/known-cves.ts';
import { type Facts, known, unknownFact, type VulnerabilitiesFact } from '../../src/model/facts.ts';
import { cve, factsOf } from './facts-builder.ts';

const clean: VulnerabilitiesFact = {
  scanner: 'grype',
  scannerVersion: '0.100.0',
  databaseDate: '2026-02-28T06:00:00Z',
  vulnerabilities: [],
  suppressedByVex: 0,
};
const undated: VulnerabilitiesFact = {
  scanner: 'grype',
  scannerVersion: '0.100.0',
  vulnerabilities: [],
  suppressedByVex: 0,
};
const { declarations } = factsOf({});

function at(now: string): Facts['declarations'] {
  if (!declarations.known) throw new Error('the builder declares');
  return known({ ...declarations.value, now: Date.parse(now) }, 'build');
}

function notes(scan: VulnerabilitiesFact, now = '2026-03-01T00:00:00Z'): readonly string[] {
  return judgeScan(scan, 'high', at(now)).evidence.flatMap((e) =>
    e.kind === 'note' ? [e.text] : [],
  );
}

describe('finding nothing', () => {
  test('passes where all was looked at by a database of known date', () => {
    const verdict = judgeScan(clean, 'high', at('2026-03-01T00:00:00Z'));
    expect(verdict).toMatchObject({
      outcome: 'pass',
      summary: 'no high CVE, says grype as of 2026-02-28',
    });
  });

  test('of an old database passes with a warning', () => {
    const verdict = judgeScan(clean, 'high', at('2026-03-12T00:00:00Z'));
    expect(verdict).toMatchObject({
      outcome: 'pass',
      summary: 'no high CVE, says grype as of 2026-02-28, 11 days old: update it',
    });
    expect(notes(clean, '2026-03-12T00:00:00Z')[0]).toContain('11 days old');
  });

  test.each([
    ['no date', {}, 'does not say how old its database is'],
    ['a date that is none', { databaseDate: 'yesterday' }, 'does not say how old its database is'],
    [
      'a gap',
      { databaseDate: '2026-02-28T06:00:00Z', gaps: ['OSV has no data for Void'] },
      'grype: OSV has no data for Void',
    ],
  ])('is unknown with %s', (_, given, says) => {
    const verdict = judgeScan({ ...undated, ...given }, undefined, at('2026-03-01T00:00:00Z'));
    expect(verdict).toMatchObject({
      outcome: 'unknown',
      summary: expect.stringContaining(says) as string,
    });
    expect(verdict.settle).toContain('Install Grype');
  });

  test('without a present time the database counts as fresh', () => {
    expect(judgeScan(clean, 'high', unknownFact('no clock')).summary).not.toContain('old');
  });
});

describe('finding something', () => {
  const found = {
    ...clean,
    vulnerabilities: [
      { ...cve('CVE-1', 'high', 'libssl3'), fixedIn: '1.3' },
      { ...cve('CVE-2', 'high', 'libssl3'), fixedIn: '1.3' },
      { ...cve('CVE-3', 'high', 'curl'), fixedIn: '8.1' },
      cve('CVE-4', 'high', 'perl'),
      cve('CVE-5', 'low', 'tar'),
    ],
  };

  test('fails even where there are gaps: what was found is there', () => {
    const verdict = judgeScan({ ...found, gaps: ['half was not read'] }, 'high', declarations);
    expect(verdict).toMatchObject({
      outcome: 'fail',
      summary:
        '4 high CVEs: 2 in libssl3 1.2 (fixed in 1.3), CVE-3 in curl 1.2 (fixed in 8.1) and 1 more as of 2026-02-28',
    });
  });

  test('says what to upgrade, what mends most first', () => {
    expect(notes(found).slice(1)).toEqual([
      'upgrade libssl3 from 1.2 to 1.3: CVE-1, CVE-2',
      'upgrade curl from 1.2 to 8.1: CVE-3',
    ]);
  });

  test('shows what VEX set aside of this severity, by whose word and why, and the notices', () => {
    const aside = {
      ...clean,
      suppressedByVex: 2,
      suppressed: [
        {
          vulnerability: cve('CVE-9', 'high', 'zlib'),
          status: 'not_affected' as const,
          justification: 'vulnerable_code_not_present',
          source: 'vex.json',
        },
        { vulnerability: cve('CVE-8', 'low'), status: 'fixed' as const, source: 'vex.json' },
      ],
      notices: ['trivy could not scan: no database'],
    };
    expect(notes(aside)).toEqual([
      'grype 0.100.0, database of 2026-02-28T06:00:00Z, 2 set aside by VEX',
      'set aside: CVE-9 high in zlib 1.2: not_affected (vulnerable_code_not_present), says vex.json',
      'trivy could not scan: no database',
    ]);
  });

  test('a CVE whose severity no record states leaves each severity open, where records are read', () => {
    const found = [cve('CVE-9', 'unknown'), cve('GHSA-1', 'unknown')];
    const rated = { ...clean, vulnerabilities: found };
    const unrated = { ...rated, unrated: 'Run: scoville db update GIT' };
    const open = judgeScan(unrated, 'critical', unknownFact('not said'));
    expect(open.outcome).toBe('unknown');
    expect(open.summary).toContain('has no severity for 1 CVE: CVE-9');
    expect(open.settle).toBe('Run: scoville db update GIT');
    expect(judgeScan(rated, 'critical', unknownFact('not said')).outcome).toBe('pass');
    expect(judgeScan(unrated, undefined, unknownFact('not said')).outcome).toBe('fail');
    const waived = { ...unrated, vulnerabilities: [] };
    expect(judgeScan(waived, 'critical', unknownFact('not said')).outcome).toBe('pass');
  });

  test('what is waived is never shown as clean', () => {
    const aside = (id: string, severity: 'high' | 'low') => ({
      vulnerability: cve(id, severity),
      status: 'not_affected' as const,
      until: '2027-01-31',
      source: 'v',
    });
    const suppressed = [aside('CVE-9', 'high'), aside('CVE-9', 'high'), aside('CVE-7', 'low')];
    const scan = { ...clean, suppressedByVex: 3, suppressed };
    const now = at('2026-03-01T00:00:00Z');
    expect([judgeScan(scan, 'high', now).outcome, judgeScan(scan, 'high', now).summary]).toEqual([
      'pass',
      'no high CVE but 1 waived by VEX (CVE-9), says grype as of 2026-02-28',
    ]);
    expect(judgeScan(scan, undefined, now).summary).toBe(
      'no known CVE but 2 waived by VEX (CVE-9, CVE-7), says grype as of 2026-02-28',
    );
    expect(judgeScan(scan, 'medium', now).summary).toBe(
      'no medium CVE, says grype as of 2026-02-28',
    );
    expect(notes(scan)[1]).toMatch(/: not_affected, says v, until 2027-01-31$/);
  });

  test('of hundreds set aside the rest is counted', () => {
    const suppressed = Array.from({ length: 40 }, (_, i) => ({
      vulnerability: cve(`CVE-${i}`, 'high'),
      status: 'fixed' as const,
      source: 's',
    }));
    expect(notes({ ...clean, suppressedByVex: 40, suppressed }).at(-1)).toBe(
      'and 15 more set aside',
    );
  });
});
