import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DEFAULT_SETTINGS } from '../../src/config/schema.ts';
import type { ImageContent } from '../../src/facts/layer-files.ts';
import { type AttestationsFact, known, unknownFact } from '../../src/model/facts.ts';
import type { OpenedImage, OpenedPlatform } from '../../src/model/image.ts';
import { digestOf } from '../../src/model/reference.ts';
import type { FoundAttestation } from '../../src/model/statement.ts';
import { scanPlatforms } from '../../src/scan/scan-image.ts';
import { vexOfAttestations } from '../../src/scan/vex.ts';
import { contextOf } from '../config/pipeline-context.ts';
import { type FakeOsv, fakeOsv } from '../fakes/fake-osv.ts';
import { fakeRun } from '../fakes/fake-run.ts';
import { pkg } from './osv-support.ts';

const MANIFEST = digestOf('manifest');
const descriptor = {
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  digest: MANIFEST,
  size: 1,
};
const platform = { descriptor } as OpenedPlatform;
const image = {
  name: 'registry.example.com/app:1',
  root: { ...descriptor, digest: digestOf('index') },
} as OpenedImage;
const content = {
  packages: [pkg('npm', 'left', '1.0.0')],
  unreadablePackages: [],
  filesystem: { executables: [], osRelease: undefined },
  secrets: { findings: [], scannedFiles: 0 },
} as unknown as ImageContent;

let osv: FakeOsv;
let home: string;
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'scoville-scan-opened-'));
  osv = await fakeOsv();
  osv.knows('npm', 'lodash');
  osv.entries.push({
    id: 'GHSA-1',
    database_specific: { severity: 'HIGH' },
    affected: [{ package: { ecosystem: 'npm', name: 'left' } }],
  });
});
afterEach(async () => {
  rmSync(home, { recursive: true, force: true });
  await osv.close();
});

function vex(verification: FoundAttestation['verification']): AttestationsFact {
  const statement = {
    vulnerability: { name: 'GHSA-1' },
    status: 'not_affected',
    justification: 'vulnerable_code_not_present',
  };
  return {
    signatures: [],
    attestations: [
      {
        predicateType: 'https://openvex.dev/ns',
        predicate: { '@context': 'https://openvex.dev/ns/v0.2.0', statements: [statement] },
        subjects: [MANIFEST],
        source: 'bundle-referrer',
        verification,
        digest: digestOf('bundle'),
      },
    ],
  };
}

async function left(attestations: AttestationsFact | undefined) {
  const context = contextOf(fakeRun([]).run, home);
  const named = { digests: [MANIFEST, image.root.digest] as const, references: [] };
  const one = {
    platform,
    content: known(content, 'image'),
    vex: vexOfAttestations(attestations?.attestations ?? [], named),
  };
  const settings = { ...DEFAULT_SETTINGS, osv: { ...DEFAULT_SETTINGS.osv, url: osv.url } };
  const [scanned] = await scanPlatforms(context, image, [one], { settings, names: [image.name] });
  const fact = scanned?.vulnerabilities;
  if (fact?.known !== true) throw new Error(fact?.reason);
  return [fact.value.vulnerabilities.length, fact.value.suppressedByVex];
}

test('a VEX document on the image counts once it is verified', async () => {
  expect(await left(vex('verified'))).toEqual([0, 1]);
  expect(await left(vex('unverified'))).toEqual([1, 0]);
  expect(await left(undefined)).toEqual([1, 0]);
});

test('a platform whose layers cannot be read is not scanned', async () => {
  const context = contextOf(fakeRun([]).run, home);
  const one = { platform, content: unknownFact('a foreign layer'), vex: [] };
  const settings = { ...DEFAULT_SETTINGS, osv: { ...DEFAULT_SETTINGS.osv, url: osv.url } };
  const scans = await scanPlatforms(context, image, [one], { settings, names: [] });
  expect(scans.map(({ vulnerabilities }) => vulnerabilities)).toEqual([
    unknownFact('a foreign layer'),
  ]);
  expect(osv.calls).toEqual([]);
});

test('where nobody can be asked, progress says why and which command helps', async () => {
  const told: unknown[] = [];
  const quiet = contextOf(fakeRun([]).run, home);
  const context = { ...quiet, emit: (event: unknown) => told.push(event) };
  const one = { platform, content: known(content, 'image'), vex: [] };
  const settings = { ...DEFAULT_SETTINGS, scanner: 'database' as const };
  await scanPlatforms(context, image, [one], { settings, names: [] });
  expect(JSON.stringify(told)).toMatch(
    /no database of advisories here; what helps: scoville db update"/,
  );
});

test('records are kept in the cache between two scans', async () => {
  await left(undefined);
  await left(undefined);
  expect(osv.calls.filter((call) => call.includes('/v1/vulns/'))).toHaveLength(1);
});
