import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ToolRun } from '../../src/lib/run-tool.ts';
import {
  hasDockerScout,
  parseDockerScout,
  parseGrype,
  parseTrivy,
  parseTrivyVersion,
  scanOutput,
  scanWith,
} from '../../src/scan/scanners.ts';
import { severityOf, severityOfScore } from '../../src/scan/severity.ts';
import { controlTexts } from '../control-texts.ts';
import { fakeRun } from '../fakes/fake-run.ts';
import { yamlTable } from '../fakes/table.ts';

const sample = (name: string): string =>
  readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8');
const layout = { kind: 'layout', dir: '/l' } as const;
const sbom = { kind: 'sbom', file: '/s.json' } as const;
const NOW = Date.parse('2026-11-24T12:00:00Z');
const request = { target: layout, offline: false, now: NOW };
const unreadable = { ok: false, error: 'its report cannot be read' };
const ABOUT = { version: '1', databaseDate: undefined };
const EXPECTED = yamlTable('test/scan/scanners.yaml') as Readonly<
  Record<'grype' | 'trivy' | 'scout', object>
> & { readonly branches: { readonly report: object; readonly found: readonly object[] } };

describe('grype', () => {
  test('the distribution’s severity counts before NVD’s; each CVE once, with its aliases', () => {
    expect(parseGrype(sample('grype/report.json'))).toEqual({ ok: true, value: EXPECTED.grype });
  });

  test('a missing database is an error that says so', async () => {
    const stderr =
      '[0000] ERROR failed to load vulnerability db: unable to update db: no such host\n1 error occurred\n';
    const { run, runs } = fakeRun([
      { command: 'grype', args: ['oci-dir:/l'], result: { exitCode: 1, stderr } },
    ]);
    expect(await scanWith('grype', run, request)).toEqual({
      ok: false,
      error: '[0000] ERROR failed to load vulnerability db: unable to update db: no such host',
    });
    // An image's layout or a project may bring ignore rules: it stands where none are.
    expect(runs[0]?.cwd).toBe('/');
  });

  test.each(['', '[]', '{}', '{"matches":[]}', '{"matches":[{}],"descriptor":{}}'])(
    '%j is no report',
    (text) => {
      expect(parseGrype(text)).toEqual(unreadable);
    },
  );
});

describe('trivy', () => {
  test('its report and its database', async () => {
    const { run } = fakeRun([
      { command: 'trivy', args: ['image'], result: { stdout: sample('trivy/report.json') } },
      { command: 'trivy', args: ['version'], result: { stdout: sample('trivy/version.json') } },
    ]);
    expect(await scanWith('trivy', run, request)).toEqual({ ok: true, value: EXPECTED.trivy });
  });

  test('several release branches have a fix each', () => {
    const { report, found } = EXPECTED.branches;
    const parsed = parseTrivy(JSON.stringify(report), ABOUT);
    expect(parsed.ok && parsed.value.vulnerabilities).toEqual(found);
  });

  test.each([
    '',
    '{}',
    '{"SchemaVersion":1}',
    '{"SchemaVersion":2,"Results":[{"Vulnerabilities":[1]}]}',
  ])('%j is no report', (text) => {
    expect(parseTrivy(text, parseTrivyVersion(''))).toEqual(unreadable);
  });
});

describe('what a scanner says of the distribution itself', () => {
  const gapsOf = (read: ReturnType<typeof parseGrype>) => (read.ok ? read.value.gaps : read);
  test.each([
    [['distro-eol'], ['grype knows its distribution as past its end of life']],
    [['distro-unknown', 'other'], ['grype does not know its distribution']],
    [['distro-disabled'], ['grype was set not to look up its distribution']],
    [['other'], undefined],
  ])('grype: %j', (types, gaps) => {
    const report = {
      ...(JSON.parse(sample('grype/report.json')) as object),
      alertsByPackage: [{ package: {}, alerts: types.map((type) => ({ type })) }],
    };
    expect(gapsOf(parseGrype(JSON.stringify(report)))).toEqual(gaps);
  });

  test.each([
    [true, ['trivy knows its distribution as past its end of life']],
    [false, undefined],
  ])('trivy, EOSL %j', (EOSL, gaps) => {
    const report = {
      ...(JSON.parse(sample('trivy/report.json')) as object),
      Metadata: { OS: { Family: 'alpine', Name: '3.6.5', EOSL } },
    };
    expect(gapsOf(parseTrivy(JSON.stringify(report), ABOUT))).toEqual(gaps);
  });
});

describe('docker scout', () => {
  test('a rule for each vulnerability, its packages by purl', () => {
    const parsed = parseDockerScout(sample('docker-scout/report.sarif.json'), NOW);
    expect(parsed).toEqual({ ok: true, value: EXPECTED.scout });
  });

  test('a service cannot be used offline, nor without the image', async () => {
    const { run } = fakeRun([]);
    expect(await scanWith('docker-scout', run, { ...request, offline: true })).toMatchObject({
      ok: false,
    });
    expect(await scanWith('docker-scout', run, { ...request, target: sbom })).toMatchObject({
      ok: false,
    });
  });

  test('is there where docker has the plugin', async () => {
    const answering = (exitCode: number) =>
      fakeRun([{ command: 'docker', args: ['scout', 'version'], result: { exitCode } }]).run;
    expect([await hasDockerScout(answering(0)), await hasDockerScout(answering(1))]).toEqual([
      true,
      false,
    ]);
  });

  test.each([
    '',
    '{"runs":[]}',
    '{"runs":[{"tool":{"driver":{"name":"Trivy"}}}]}',
    '{"runs":[{"tool":{"driver":{"name":"docker scout","rules":[{"id":"CVE-1"}]}}}]}',
    '{"runs":[{"tool":{"driver":{"name":"docker scout"}},"results":[{"ruleId":"CVE-2020-1"}]}]}',
  ])('%j is no report', (text) => {
    expect(parseDockerScout(text, NOW)).toEqual(unreadable);
  });
});

describe('every scanner', () => {
  test('a report is put together from lines, and one without end is refused', async () => {
    const long = 'x'.repeat(1024 * 1024);
    const run = (lines: number) => (what: ToolRun) => {
      for (let i = 0; i < lines; i++) what.onStdoutLine?.(long);
      return Promise.resolve({ ended: 'exit', exitCode: 0, stdout: '', stderr: '' } as const);
    };
    const few = await scanOutput(run(3), 'grype', []);
    expect(few.ok && few.value.length).toBe(3 * long.length);
    expect(await scanOutput(run(129), 'grype', [])).toEqual({
      ok: false,
      error: 'its report is too large',
    });
  });

  test('hostile reports end in a result, and no control character comes through', () => {
    const json = fc.jsonValue({ maxDepth: 6 });
    const hostile = fc.record({
      matches: fc.array(
        fc.record({
          vulnerability: fc.record({
            id: fc.string({ unit: 'binary' }),
            severity: json,
            fix: json,
          }),
          artifact: fc.record({ name: fc.string({ unit: 'binary' }), version: json }),
          relatedVulnerabilities: json,
        }),
      ),
      descriptor: fc.record({ version: fc.string({ unit: 'binary' }), db: json }),
    });
    fc.assert(
      fc.property(hostile, json, (grype, other) => {
        const read = parseGrype(JSON.stringify(grype));
        if (read.ok) expect(controlTexts(read.value)).toEqual([]);
        const version = { SchemaVersion: 2, Results: [{ Vulnerabilities: [other] }] };
        expect(typeof parseTrivy(JSON.stringify(version), ABOUT).ok).toBe('boolean');
        expect(typeof parseDockerScout(JSON.stringify({ runs: [other] }), NOW).ok).toBe('boolean');
      }),
      { numRuns: 60 },
    );
  });
});

test('words of many databases, and what is none', () => {
  const words = ['CRITICAL', 'Important', 'Moderate', 'low**', 'unimportant', 'Minimal'];
  expect(words.map(severityOf)).toEqual([
    'critical',
    'high',
    'medium',
    'low',
    'negligible',
    'negligible',
  ]);
  const others = ['not yet assigned', 'untriaged', 'constructor', '', undefined];
  expect([...new Set(others.map(severityOf))]).toEqual(['unknown']);
});

test('scores are rated by the bounds of CVSS', () => {
  expect([10, 9, 8.9, 7, 6.9, 4, 3.9, 0.1, 0].map(severityOfScore)).toEqual([
    'critical',
    'critical',
    'high',
    'high',
    'medium',
    'medium',
    'low',
    'low',
    'negligible',
  ]);
});
