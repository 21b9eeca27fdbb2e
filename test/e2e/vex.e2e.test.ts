import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Scorecard } from '../../src/model/scorecard.ts';
import { vex as vexCommand } from '../../src/trust/vex-command.ts';
import { fakeIo } from '../cli/command-io.ts';
import { FakeOsv } from '../fakes/fake-osv.ts';
import { own } from './harness.ts';
import { folderHere, scovilleHere } from './workplace.ts';

const scoville = scovilleHere();
// OSV.dev is out of reach: a local server speaks its API.
const osv = new FakeOsv();
const context = folderHere('vex');

beforeAll(async () => {
  await osv.listen();
  osv.entries.push({
    id: 'GHSA-aaaa-bbbb-cccc',
    aliases: ['CVE-2026-0001'],
    affected: [{ package: { ecosystem: 'npm', name: 'left' } }],
    severity: [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' }],
  });
  writeFileSync(
    join(context, 'Dockerfile'),
    'FROM scratch\nCOPY package.json /node_modules/left/\n',
  );
  writeFileSync(join(context, 'package.json'), '{"name":"left","version":"1.0.0"}');
  mkdirSync(join(scoville.home, 'config'), { recursive: true });
  writeFileSync(
    join(scoville.home, 'config/config.yaml'),
    `osv:\n  url: ${osv.url}\nscanner: osv\n`,
  );
});
afterAll(async () => {
  await osv.close();
});

const vex = (status: string): string =>
  JSON.stringify({
    '@context': 'https://openvex.dev/ns/v0.2.0',
    '@id': 'https://example.org/vex/1',
    author: 'us',
    timestamp: '2026-01-01T00:00:00Z',
    version: 1,
    statements: [
      {
        vulnerability: { name: 'CVE-2026-0001' },
        products: [{ '@id': 'pkg:npm/left@1.0.0' }],
        status,
        ...(status === 'not_affected'
          ? { justification: 'vulnerable_code_not_in_execute_path' }
          : {}),
      },
    ],
  });

async function* typed(text: string): AsyncGenerator<Uint8Array> {
  await Promise.resolve();
  yield Buffer.from(text);
}

async function critical(...flags: string[]): Promise<string | undefined> {
  const args = ['build', '--json', '-t', own('vex-e2e:1'), ...flags, context];
  const { stdout } = await scoville.expect(0, args);
  const { criteria } = JSON.parse(stdout) as Scorecard;
  return criteria.find(({ id }) => id === 'no-critical')?.outcome;
}

test('a promise counts while it is made, and no longer', async () => {
  const file = join(context, 'our.openvex.json');
  expect(await critical()).toBe('fail');
  writeFileSync(file, vex('not_affected'));
  expect(await critical('--vex', file)).toBe('pass');
  writeFileSync(file, vex('affected'));
  expect(await critical('--vex', file)).toBe('fail');
});

test('offline, what was not looked up is not known', async () => {
  const before = osv.calls.length;
  expect(await critical('--offline')).toBe('unknown');
  expect(osv.calls.length).toBe(before);
});

test('a document that cannot be read stops a build before it begins', async () => {
  const args = ['build', '-t', own('vex-e2e:2'), '--vex', join(context, 'none.json'), context];
  const { stderr } = await scoville.expect(2, args);
  expect(stderr).toContain(`the VEX document ${join(context, 'none.json')} cannot be read`);
  expect(stderr).not.toContain('build:');
});

test('scoville vex waives one in an image that was built, and takes it back', async () => {
  const name = own('vex-e2e:3');
  const policy = ['--policy', join(scoville.home, 'config/config.yaml')];
  const verdict = async (): Promise<string> => {
    const { stdout } = await scoville.run(['grade', '--json', ...policy, name]);
    const { criteria } = JSON.parse(stdout) as Scorecard;
    const found = criteria.find(({ id }) => id === 'no-critical');
    return `${found?.outcome ?? ''}: ${found?.summary ?? ''}`;
  };
  const about = ['vex', '--vulnerability', 'CVE-2026-0001', '--package', 'pkg:npm/left', ...policy];
  await scoville.expect(0, ['build', '-t', name, context]);
  expect(await verdict()).toMatch(/^fail: 1 critical CVE/);

  const why = ['--justification', 'vulnerable_code_not_present', '--until', '2099-12-31'];
  const attached = await scoville.expect(0, [...about, ...why, '--attach', name]);
  expect(attached.stdout).toMatch(/^sha256:[0-9a-f]{64} {2}Level \d/i);
  const waived = /^pass: no critical CVE but 1 waived by VEX \(CVE-2026-0001\)/;
  expect(await verdict()).toMatch(waived);
  // A build that comes to the same digest keeps it.
  await scoville.expect(0, ['build', '-t', name, context]);
  expect(await verdict()).toMatch(waived);

  // Taken back, it counts at once; a verdict that is lower is signed where that is asked for.
  const back = [...about, '--status', 'under_investigation', '--attach', name];
  expect((await scoville.expect(1, back)).stderr).toContain('no-critical fails');
  expect(await verdict()).toMatch(/^fail: 1 critical CVE/);
});

test('--review asks of each finding, and attaches what was said', async () => {
  const name = own('vex-e2e:4');
  await scoville.expect(0, ['build', '-t', name, context]);
  const args = [
    ...['--review', '--attach', '--policy', join(scoville.home, 'config/config.yaml'), name],
  ];
  const { io, out, err } = fakeIo({
    cwd: context,
    env: { ...process.env, SCOVILLE_HOME: scoville.home, COSIGN_PASSWORD: undefined },
    now: Date.now,
    stdin: typed('2\n'),
    inIsTerminal: true,
  });
  expect(await vexCommand(args, io)).toBe(0);
  expect(err()).toContain('1 of 1: CVE-2026-0001, critical\n  left 1.0.0\n');
  expect(out()).toMatch(/^sha256:[0-9a-f]{64} {2}Level \d/i);
  const graded = ['grade', '--json', '--policy', join(scoville.home, 'config/config.yaml'), name];
  const { stdout } = await scoville.run(graded);
  const { criteria } = JSON.parse(stdout) as Scorecard;
  expect(criteria.find(({ id }) => id === 'no-critical')?.summary).toMatch(
    /^no critical CVE but 1 waived by VEX \(CVE-2026-0001\)/,
  );
});
