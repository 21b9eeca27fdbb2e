import { known, type VulnerabilitiesFact } from '../../src/model/facts.ts';
import type { HistoryEntry } from '../../src/model/image.ts';
import type { Package } from '../../src/model/packages.ts';
import { type Digest, digestOf } from '../../src/model/reference.ts';
import type { ImageContents, ReportInput } from '../../src/model/report.ts';
import { PREDICATE_TYPE } from '../../src/model/statement.ts';
import { type Sheet, sheetOf } from '../../src/report/compare.ts';
import { MANIFEST } from '../criteria/facts-builder.ts';
import { sampleScorecard } from './sample-scorecard.ts';

export const LOWER: Digest = digestOf('lower');
export const UPPER: Digest = digestOf('upper');

export function packageOf(name: string, version: string, layer = UPPER): Package {
  const purl = `pkg:npm/${name}@${version}`;
  const location = { path: `app/node_modules/${name}/package.json`, layer };
  return { type: 'npm', name, version, purl, licenses: ['MIT'], location };
}

const HISTORY: readonly HistoryEntry[] = [
  { created_by: '/bin/sh -c #(nop) ADD file:0a in / ' },
  { created_by: 'ENV A=1', empty_layer: true },
  { created_by: 'RUN /bin/sh -c npm ci # buildkit' },
];

const SCAN: VulnerabilitiesFact = {
  scanner: 'grype',
  scannerVersion: '0.110.0',
  databaseDate: '2026-02-28',
  suppressedByVex: 2,
  vulnerabilities: [
    { id: 'CVE-2026-1000', severity: 'low', package: 'hono', version: '4.0.0' },
    { id: 'CVE-2026-1001', severity: 'critical', package: 'pino', version: '9', fixedIn: '9.1' },
  ],
};

export interface SampleContents {
  readonly packages?: readonly Package[];
  readonly history?: readonly HistoryEntry[];
  readonly platform?: string;
  readonly scan?: VulnerabilitiesFact;
}

/** A platform of two layers, the lower the base's. */
export function sampleContents(given: SampleContents = {}): ImageContents {
  const layer = (digest: Digest, size: number) => ({ mediaType: 'layer', digest, size });
  return {
    platform: given.platform ?? 'linux/amd64',
    baseLayers: 1,
    facts: {
      image: known(
        {
          platform: { os: 'linux', architecture: 'amd64' },
          manifestDigest: MANIFEST,
          config: {
            os: 'linux',
            architecture: 'amd64',
            rootfs: { type: 'layers', diff_ids: [LOWER, UPPER] },
            history: given.history ?? HISTORY,
          },
          manifest: {
            schemaVersion: 2,
            config: layer(digestOf('config'), 1),
            layers: [layer(LOWER, 3000), layer(UPPER, 1000)],
          },
          annotations: { index: {}, manifest: {}, labels: {} },
        },
        'image',
      ),
      packages: known(
        given.packages ?? [packageOf('hono', '4.0.0'), packageOf('pino', '9')],
        'image',
      ),
      vulnerabilities: known(given.scan ?? SCAN, 'scanner'),
      attestations: known(
        {
          signatures: [
            {
              kind: 'cosign-bundle',
              verification: 'verified',
              verifiedBy: 'cosign.pub',
              digest: UPPER,
            },
          ],
          attestations: [
            {
              predicateType: PREDICATE_TYPE.slsaProvenanceV1,
              predicate: {},
              subjects: [MANIFEST],
              source: 'buildkit-manifest',
              verification: 'unverified',
            },
          ],
        },
        'image',
      ),
    },
  };
}

export function sampleInput(given: SampleContents = {}): ReportInput {
  return {
    scorecard: sampleScorecard(),
    contents: [sampleContents(given)],
    dockerfile: 'services/app/Dockerfile',
  };
}

export function comparisonOf(...images: readonly ReportInput[]): Sheet {
  return sheetOf({ kind: 'comparison', images });
}

export function differenceOf(before: ReportInput, after: ReportInput): Sheet {
  return sheetOf({ kind: 'difference', before, after });
}
