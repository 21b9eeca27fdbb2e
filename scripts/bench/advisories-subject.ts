// What `npm run bench -- --advisories` measures: `make FOLDER` writes made-up databases, `scan FOLDER` asks them.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Package } from '../../src/model/packages.ts';
import { digestOf } from '../../src/model/reference.ts';
import {
  advisoryParts,
  AdvisoryWriter,
  databaseFile,
  scanWithDatabase,
} from '../../src/scan/advisories.ts';

const RECORDS = { Debian: 250_000, npm: 200_000, PyPI: 50_000 };
const RELEASES = { Debian: ['Debian:11', 'Debian:12', 'Debian:13'], npm: ['npm'], PyPI: ['PyPI'] };
/** Every fortieth advisory of the distribution is the kernel's, as it is. */
const KERNEL_EVERY = 40;

type Family = keyof typeof RECORDS;

function record(family: Family, i: number): unknown {
  const isKernel = family === 'Debian' && i % KERNEL_EVERY === 0;
  const name = isKernel ? 'linux' : `${family.toLowerCase()}-${i % 20_000}`;
  const events = [{ introduced: '0' }, { fixed: `${i % 9}.${i % 7}.${i % 5}` }];
  return {
    id: `MADE-${family}-${i}`,
    modified: '2026-11-20T00:00:00Z',
    aliases: [`CVE-2026-${100_000 + i}`],
    severity: [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N' }],
    affected: RELEASES[family].map((ecosystem) => ({
      package: { ecosystem, name },
      ranges: [{ type: 'ECOSYSTEM', events }],
      versions: Array.from({ length: 8 }, (_, at) => `0.${at}.${i % 5}`),
    })),
  };
}

function make(folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const family of Object.keys(RECORDS) as Family[]) {
    const writer = new AdvisoryWriter();
    for (let i = 0; i < RECORDS[family]; i++) {
      const parts = advisoryParts(record(family, i), family);
      if (parts.ok) writer.add(parts.value);
    }
    const date = '2026-11-20T00:00:00Z';
    const { pieces } = writer.end({ ecosystem: family, from: 'bench', date, fetched: date });
    writeFileSync(join(folder, databaseFile(family)), Buffer.concat(pieces));
  }
}

function installed(type: 'deb' | 'npm' | 'pypi', name: string): Package {
  const location = { path: 'p', layer: digestOf('l') };
  const version = '3.2.1';
  return { type, name, version, purl: `pkg:${type}/${name}@${version}`, licenses: [], location };
}

async function scan(folder: string): Promise<void> {
  const packages = [
    installed('deb', 'linux'),
    ...Array.from({ length: 249 }, (_, i) => installed('deb', `debian-${i * 41}`)),
    ...Array.from({ length: 200 }, (_, i) => installed('npm', `npm-${i * 53}`)),
    ...Array.from({ length: 50 }, (_, i) => installed('pypi', `pypi-${i * 67}`)),
  ];
  const osRelease = { id: 'debian', versionId: '13' };
  const before = process.cpuUsage();
  const started = performance.now();
  const result = await scanWithDatabase({ folder, packages, osRelease, now: 0 });
  const ms = Math.round(performance.now() - started);
  const { user, system } = process.cpuUsage(before);
  const cpuMs = Math.round((user + system) / 1000);
  const found = result.ok ? result.value.vulnerabilities.length : result.error;
  const peakMb = Math.round(process.resourceUsage().maxRSS / 1024);
  process.stdout.write(JSON.stringify({ packages: packages.length, found, ms, cpuMs, peakMb }));
}

const [what, folder = ''] = process.argv.slice(2);
if (what === 'make') make(folder);
else await scan(folder);
