import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DEFAULT_SETTINGS } from '../../../src/config/default-settings.ts';
import type { ImageContent } from '../../../src/facts/image-facts.ts';
import { digestOf } from '../../../src/model/digest.ts';
import { type AttestationsFact, known, unknownFact } from '../../../src/model/facts.ts';
import type { OpenedImage, OpenedPlatform } from '../../../src/model/opened-image.ts';
import type { FoundAttestation } from '../../../src/model/statement.ts';
import { scanOpened } from '../../../src/pipeline/scan/scan-opened.ts';
import { type FakeOsv, fakeOsv } from '../../fakes/fake-osv.ts';
import { fakeRun } from '../../fakes/fake-run.ts';
import { pkg } from '../../tools/osv/osv-support.ts';
import { contextOf } from '../pipeline-context.ts';

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

async function left(attestations: Parameters<typeof scanOpened>[4]) {
  const context = contextOf(fakeRun([]).run, home);
  const settings = { ...DEFAULT_SETTINGS, osv: { url: osv.url } };
  const fact = await scanOpened(context, image, platform, content, attestations, settings, []);
  if (!fact.known) throw new Error(fact.reason);
  return [fact.value.vulnerabilities.length, fact.value.suppressedByVex];
}

test('a VEX document on the image counts once it is verified', async () => {
  expect(await left(known(vex('verified'), 'image'))).toEqual([0, 1]);
  expect(await left(known(vex('unverified'), 'image'))).toEqual([1, 0]);
  expect(await left(unknownFact('nobody could be asked'))).toEqual([1, 0]);
});

test('records are kept in the cache between two scans', async () => {
  const nothing = unknownFact('none');
  await left(nothing);
  await left(nothing);
  expect(osv.calls.filter((call) => call.includes('/v1/vulns/'))).toHaveLength(1);
});
