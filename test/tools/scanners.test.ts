import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { grypeArgs, parseGrype, scanWithGrype } from '../../src/tools/grype.ts';
import { scannerSaid } from '../../src/tools/scanner.ts';
import { distinct, severityOf } from '../../src/tools/severity.ts';
import { parseTrivy, parseTrivyVersion, scanWithTrivy, trivyArgs } from '../../src/tools/trivy.ts';
import { fakeRun } from '../fakes/fake-run.ts';

const sample = (name: string): string =>
  readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8');
const request = { layoutDir: '/l', vexFiles: ['a.json', 'b.json'] };

describe('grype', () => {
  test('the distribution’s severity counts before NVD’s; each CVE once', () => {
    expect(parseGrype(sample('grype/report.json'))).toEqual({
      ok: true,
      value: {
        scanner: 'grype',
        scannerVersion: '0.100.0',
        databaseDate: '2026-11-20T06:15:00Z',
        vulnerabilities: [
          {
            id: 'CVE-2025-1111',
            severity: 'high',
            package: 'libc6',
            version: '2.41-12',
            fixedIn: '2.41-12+deb13u1',
          },
          { id: 'CVE-2025-2222', severity: 'medium', package: 'zlib1g', version: '1:1.3' },
          {
            id: 'CVE-2011-3389',
            severity: 'negligible',
            package: 'libgnutls30',
            version: '3.8.9-3',
          },
        ],
        suppressedByVex: 1,
      },
    });
  });

  test('arguments', () => {
    expect(grypeArgs(request).join(' ')).toBe(
      'oci-dir:/l --output json --quiet --vex a.json --vex b.json',
    );
  });

  test('a missing database is an error that says so', async () => {
    const stderr =
      '[0000] ERROR failed to load vulnerability db: unable to update db: no such host\n1 error occurred\n';
    const { run } = fakeRun([
      { command: 'grype', args: ['oci-dir:/l'], result: { exitCode: 1, stderr } },
    ]);
    expect(await scanWithGrype(run, request)).toEqual({
      ok: false,
      error:
        'grype: [0000] ERROR failed to load vulnerability db: unable to update db: no such host',
    });
  });

  test.each(['', '[]', '{}', '{"matches":[]}'])('%j is no report', (text) => {
    expect(parseGrype(text)).toEqual({ ok: false, error: 'grype: its report cannot be read' });
  });
});

describe('trivy', () => {
  test('its report and its database', async () => {
    const { run } = fakeRun([
      { command: 'trivy', args: ['image'], result: { stdout: sample('trivy/report.json') } },
      { command: 'trivy', args: ['version'], result: { stdout: sample('trivy/version.json') } },
    ]);
    expect(await scanWithTrivy(run, request)).toEqual({
      ok: true,
      value: {
        scanner: 'trivy',
        scannerVersion: '0.67.2',
        databaseDate: '2026-11-24T06:30:00Z',
        vulnerabilities: [
          {
            id: 'CVE-2025-1111',
            severity: 'high',
            package: 'libc6',
            version: '2.41-12',
            fixedIn: '2.41-12+deb13u1',
          },
          { id: 'CVE-2011-3389', severity: 'low', package: 'libgnutls30', version: '3.8.9-3' },
        ],
        suppressedByVex: 1,
      },
    });
  });

  test('arguments', () => {
    expect(trivyArgs({ layoutDir: '/l', vexFiles: [] }).join(' ')).toBe(
      'image --input /l --format json --scanners vuln --quiet',
    );
    expect(trivyArgs(request)).toContain('--show-suppressed');
  });

  test.each(['', '{}', '{"SchemaVersion":1}'])('%j is no report', (text) => {
    expect(parseTrivy(text, parseTrivyVersion(''))).toMatchObject({ ok: false });
  });
});

test('severities in other words are unknown', () => {
  expect(['CRITICAL', 'Medium', 'weird', undefined].map(severityOf)).toEqual([
    'critical',
    'medium',
    'unknown',
    'unknown',
  ]);
});

test('the order is by severity, then by name', () => {
  const found = ['b', 'a'].map((id) => ({
    id,
    severity: 'low' as const,
    package: 'p',
    version: '1',
  }));
  expect(distinct(found).map(({ id }) => id)).toEqual(['a', 'b']);
});

test('a scanner without a word said nothing', () => {
  expect(scannerSaid('\n')).toBe('');
});
