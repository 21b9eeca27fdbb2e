import { expect, test } from 'vitest';
import { known, type Vulnerability } from '../../src/model/facts.ts';
import type { ImageContents } from '../../src/model/report.ts';
import { askEach, openFindings, vex } from '../../src/trust/vex-command.ts';
import { fakeIo } from '../cli/command-io.ts';

const ZLIB = 'pkg:deb/debian/zlib1g@1%3A1.2';

function found(id: string, more: Partial<Vulnerability> = {}): Vulnerability {
  return { id, severity: 'high', package: 'zlib', version: '1.2', purl: ZLIB, ...more };
}

function contentsOf(...vulnerabilities: readonly Vulnerability[]): ImageContents {
  const scan = { scanner: 's', scannerVersion: '1', vulnerabilities, suppressedByVex: 0 };
  return { facts: { vulnerabilities: known(scan, 'scanner') } } as unknown as ImageContents;
}

const ALL = openFindings([
  contentsOf(
    found('CVE-2', { purl: `${ZLIB}?arch=amd64&distro=debian-13`, fixedIn: '1.3' }),
    found('CVE-3', {
      severity: 'critical',
      aliases: ['GHSA-1', 'CVE-3'],
      url: 'https://a.b/\u001b[2J',
    }),
  ),
  contentsOf(found('CVE-2', { purl: `${ZLIB}?arch=arm64`, fixedIn: '1.3' }), found('CVE-1')),
]);

test('each vulnerability once, the worst first, with packages that every scanner names alike', () => {
  expect(ALL.map(({ id, packages, places }) => [id, packages, places])).toEqual([
    ['CVE-3', [ZLIB], ['zlib 1.2']],
    ['CVE-1', [ZLIB], ['zlib 1.2']],
    ['CVE-2', [ZLIB], ['zlib 1.2, fixed in 1.3']],
  ]);
  const bare: Vulnerability = { id: 'CVE-1', severity: 'low', package: 'zlib', version: '1.2' };
  expect(openFindings([contentsOf(found('CVE-1'), bare)])[0]?.packages).toEqual([]);
});

test('a negligible vulnerability is shown as that, before one of unknown severity', () => {
  const one = contentsOf(
    found('CVE-1', { severity: 'unknown' }),
    found('CVE-2', { severity: 'negligible' }),
    found('CVE-3', { severity: 'low' }),
  );
  expect(openFindings([one]).map(({ id, severity }) => [id, severity])).toEqual([
    ['CVE-3', 'low'],
    ['CVE-2', 'negligible'],
    ['CVE-1', 'unknown'],
  ]);
});

async function answering(...lines: readonly string[]) {
  const left = [...lines];
  let shown = '';
  const claims = await askEach(
    ALL,
    () => Promise.resolve(left.shift()),
    (text) => (shown += text),
  );
  return { claims, shown };
}

const FIRST = { vulnerability: ['CVE-3', 'GHSA-1'], packages: [ZLIB] };

test('asks until it understands, and takes what was said', async () => {
  const { claims, shown } = await answering('0', 'yes', '7', '3', 's', '6');
  expect(claims).toEqual([
    { ...FIRST, status: 'not_affected', justification: 'vulnerable_code_not_in_execute_path' },
    { vulnerability: ['CVE-2'], packages: [ZLIB], status: 'under_investigation' },
  ]);
  expect(shown).toContain('\n1 of 3: CVE-3, critical\n  zlib 1.2\n  https://a.b/');
  expect(shown).not.toContain('\u001b');
  expect(shown).toContain('  3  not affected: vulnerable code not in execute path\n');
  expect(shown.match(/\[1-6\] \[s\]kip \[q\]uit: /g)).toHaveLength(6);
});

test.each([[['1', 'q']], [['1']]])('%j ends it, and keeps what was said by then', async (lines) => {
  const { claims } = await answering(...lines);
  expect(claims).toEqual([
    { ...FIRST, status: 'not_affected', justification: 'component_not_present' },
  ]);
});

test('nothing is asked where nothing counts', async () => {
  const write = (text: string): void => {
    expect(text).toBe('never');
  };
  expect(await askEach([], () => Promise.resolve('1'), write)).toEqual([]);
});

test.each<[readonly string[], boolean, string]>([
  [['--review', 'a'], false, '--review asks in a terminal'],
  [['--review', '--vulnerability', 'CVE-1', 'a'], true, 'do not go with --review'],
  [['--review', '--justification', 'component_not_present', 'a'], true, 'do not go with --review'],
])('%j is refused', async (args, inIsTerminal, message) => {
  await expect(vex(args, fakeIo({ inIsTerminal }).io)).rejects.toThrow(message);
});
