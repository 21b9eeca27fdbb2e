import { expect, test } from 'vitest';
import { type CheckRow, isFit, runChecks } from '../../src/cli/doctor-checks.ts';
import { CHECKS, doctor, doctorJson, doctorText } from '../../src/cli/doctor.ts';
import { temporaryFolder } from '../fakes/layouts.ts';
import { fakeIo } from './command-io.ts';
import { machine, missing } from './surroundings.ts';

const MARKS = { ok: '+', missing: '-', advice: '!', optional: '–' };

test('a complete machine is fit, with advice for the scanner only', async () => {
  const rows = await runChecks(CHECKS, machine());
  expect(rows.map(({ id, state }) => [id, state])).toEqual([
    ['node', 'ok'],
    ['docker', 'ok'],
    ['image-store', 'ok'],
    ['buildx', 'ok'],
    ['builder', 'ok'],
    ['cosign', 'ok'],
    ['signing-key', 'ok'],
    ['git', 'ok'],
    ['scanner', 'advice'],
    ['layout', expect.stringMatching(/^(ok|advice)$/)],
    ['settings', 'ok'],
    ['docker-config', 'optional'],
    ['docker-plugin', 'optional'],
  ]);
  expect(isFit(rows)).toBe(true);
});

test('a bare machine gets a row for each check and a way to fix each that is not ok', async () => {
  const bare = machine(['docker', 'cosign', 'git', 'grype', 'trivy'].map(missing));
  const rows = await runChecks(CHECKS, bare);
  expect(rows).toHaveLength(CHECKS.length);
  expect(rows.filter((r) => r.state === 'missing').map((r) => r.id)).toEqual([
    'docker',
    'image-store',
    'buildx',
    'builder',
    'cosign',
  ]);
  for (const row of rows)
    expect(row.fix === undefined).toBe(row.state === 'ok' || row.state === 'optional');
  expect(isFit(rows)).toBe(false);
});

test('a check that throws is a row, whatever it throws, and says nothing that steers', async () => {
  const look = () => Promise.reject(new TypeError('x\u001b[2J is\nundefined'));
  const checks = [
    { id: 'a', title: 'A', required: true, look },
    { id: 'b', title: 'B', required: false, look, fix: () => 'fix \u001b[2Jit' },
  ];
  expect(await runChecks(checks, machine())).toEqual([
    { id: 'a', title: 'A', required: true, state: 'missing', detail: 'x is\nundefined' },
    {
      id: 'b',
      title: 'B',
      required: false,
      state: 'advice',
      detail: 'x is\nundefined',
      fix: 'fix it',
    },
  ]);
});

test('an abort is no finding', async () => {
  const look = () => Promise.reject(new Error('aborted'));
  const check = { id: 'a', title: 'A', required: true, look };
  await expect(runChecks([check], machine([], { signal: AbortSignal.abort() }))).rejects.toThrow(
    'aborted',
  );
});

const ROWS: readonly CheckRow[] = [
  { id: 'git', title: 'git', required: false, state: 'ok', detail: '2.47.3' },
  {
    id: 'settings',
    title: 'settings file',
    required: true,
    state: 'missing',
    detail: 'a.yaml:1:2: one\na.yaml:3:4: two',
    fix: 'vi +1 a.yaml',
  },
];

test('the text has a line a check, further lines and what fixes it below', () => {
  expect(doctorText(ROWS, MARKS)).toBe(
    [
      '+ git            2.47.3',
      '- settings file  a.yaml:1:2: one',
      '                 a.yaml:3:4: two',
      '                 fix: vi +1 a.yaml',
      '',
    ].join('\n'),
  );
});

test('the JSON is an object that scripts can rely on', () => {
  const text = doctorJson(ROWS);
  expect(text.endsWith('}\n')).toBe(true);
  expect(JSON.parse(text)).toEqual({
    schemaVersion: 1,
    tool: '0.0.0-source',
    fit: false,
    checks: ROWS,
  });
});

test('the ids are unique, for scripts pick a check by them', () => {
  const ids = CHECKS.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
});

test('the command says it all on stdout, and ends with 2 where something is missing', async () => {
  const folder = temporaryFolder();
  // No tool is found on an empty PATH; runTool reads the process' own.
  const path = process.env['PATH'];
  process.env['PATH'] = folder;
  try {
    const { io, out, err } = fakeIo({ cwd: folder, env: { SCOVILLE_HOME: folder } });
    expect(await doctor(['--json'], io)).toBe(2);
    const report = JSON.parse(out()) as { fit: boolean; checks: CheckRow[] };
    expect(report.fit).toBe(false);
    expect(report.checks.map(({ id }) => id)).toEqual(CHECKS.map(({ id }) => id));
    expect(err()).toBe('');
  } finally {
    process.env['PATH'] = path;
  }
});

test('a cause is named once', () => {
  const row = (id: string, fix: string): CheckRow => ({
    id,
    title: id,
    required: true,
    state: 'missing',
    detail: 'cannot connect to Docker at tcp://127.0.0.1:1',
    fix,
  });
  expect(doctorText([row('docker', 'start it'), row('builder', 'start it')], MARKS)).toBe(
    [
      '- docker   cannot connect to Docker at tcp://127.0.0.1:1',
      '           fix: start it',
      '- builder  see docker',
      '',
    ].join('\n'),
  );
});
