import { lookup } from '../../lib/json.ts';
import { groupBy } from '../../lib/parallel.ts';
import { byCodeUnit, countText, plural, sizeText } from '../../lib/text.ts';
import {
  severityRank,
  type SignatureFact,
  type VulnerabilitiesFact,
  type Vulnerability,
} from '../../model/facts.ts';
import type { Digest } from '../../model/reference.ts';
import type { ImageContents } from '../../model/report.ts';
import { type FoundAttestation, PREDICATE_TYPE } from '../../model/statement.ts';
import { layerRows } from '../compare.ts';
import { shortDigest, shortened } from '../text.ts';
import { type Content, h } from './document.ts';
import {
  fold,
  list,
  muted,
  section,
  SEVERITY_TONES,
  table,
  tag,
  type Tone,
  unknownNote,
} from './parts.ts';

/** Larger pages do not open at once; JSON and the SBOM have all. */
const MOST = { vulnerable: 2000, attestations: 200, layers: 256, packages: 10_000, gaps: 10 };
/** A table of at most these rows starts open. */
const OPEN = 150;

/** Contents of each platform: vulnerabilities, signatures, layers and packages. */
export function contentsOf(all: readonly ImageContents[]): Content {
  if (all.length === 0) return null;
  const each = all.map((of, index) => {
    const parts = [
      vulnerabilities(of, `vulnerabilities-${index}`),
      attestations(of, `attestations-${index}`),
      layers(of, `layers-${index}`),
      packages(of, `packages-${index}`),
    ];
    const open = { open: index === 0 };
    return all.length === 1 ? parts : h('details.platform', open, h('summary', of.platform), parts);
  });
  return section('contents', 'Contents', each);
}

function heading(id: string, title: string, small?: Content): Content {
  return h('h3', { id }, title, small !== undefined && [' ', h('small', small)]);
}

/**
 * Vulnerable packages, worst first, with scanner and database: the result is valid for that day.
 */
function vulnerabilities({ facts: { vulnerabilities: fact } }: ImageContents, id: string): Content {
  if (!fact.known) return [heading(id, 'Vulnerabilities'), unknownNote(fact)];
  const { vulnerabilities: found, gaps = [] } = fact.value;
  const unchecked = gaps.slice(0, MOST.gaps).map((gap) => shortened(gap, 300));
  const note = h('p', `Not everything was checked: ${unchecked.join('; ')}.`);
  const affected = byPackage(found);
  const counts = [...groupBy(found.toSorted(worstFirst), ({ severity }) => severity)].map(
    ([severity, { length }]) => [tag(SEVERITY_TONES[severity], length), ' ', severity],
  );
  const all = `${plural(found.length, 'vulnerability', 'vulnerabilities')} in ${plural(affected.length, 'package')}`;
  const heads = ['Worst', 'Package', 'Version', 'Fixed in', 'Vulnerabilities'];
  const options = { sortedAs: 'vulnerabilities', most: MOST.vulnerable, what: 'package' };
  const rows = table(heads, affected, affectedRow, { ...options, rest: ', of lower severity' });
  return [
    heading(id, 'Vulnerabilities', scannedBy(fact.value)),
    gaps.length > 0 && h('div.unknown-note', note),
    found.length === 0
      ? h('p', gaps.length === 0 ? 'None known.' : 'None found.')
      : [list(counts, 'ul.severities'), fold('details.table', all, rows)],
  ];
}

function scannedBy(scan: VulnerabilitiesFact): string {
  const { scanner, scannerVersion, databaseDate, suppressedByVex } = scan;
  const date =
    databaseDate === undefined
      ? 'its database does not state a date'
      : `database of ${databaseDate}`;
  const vex = suppressedByVex > 0 ? `, ${suppressedByVex} ruled out by VEX` : '';
  return `${scanner} ${scannerVersion}, ${date}${vex}`;
}

const worstFirst = (a: Vulnerability, b: Vulnerability): number =>
  severityRank(a.severity) - severityRank(b.severity);

/** Grouped by version of a package; worst package first, then by number. */
function byPackage(all: readonly Vulnerability[]): readonly Affected[] {
  const groups = groupBy(
    all.toSorted((a, b) => worstFirst(a, b) || byCodeUnit(a.id, b.id)),
    (one) => `${one.package}\n${one.version}`,
  );
  return ([...groups.values()] as Affected[]).sort(
    (a, b) => worstFirst(a[0], b[0]) || b.length - a.length,
  );
}

type Affected = readonly [Vulnerability, ...Vulnerability[]];

function affectedRow(found: Affected): readonly Content[] {
  const [worst] = found;
  const [fix, ...fixes] = [...new Set(found.flatMap(({ fixedIn }) => fixedIn ?? []))];
  const each = found.map(({ id, severity, fixedIn }) => [
    ...[tag(SEVERITY_TONES[severity], severity), ' ', advisory(id), ' '],
    h('small', fixedIn === undefined ? 'no fix' : `fixed in ${shortened(fixedIn, 60)}`),
    ' ',
  ]);
  return [
    tag(SEVERITY_TONES[worst.severity], worst.severity),
    shortened(worst.package, 120),
    shortened(worst.version, 120),
    [
      fix === undefined ? muted('no fix') : shortened(fix, 60),
      fixes.length > 0 && h('small', ' and ', plural(fixes.length, 'other')),
    ],
    fold('details', found.length, ' ', list(each, 'ul.ids')),
  ];
}

/** Only a strict identifier becomes part of an address. */
function advisory(id: string): Content {
  const href = /^CVE-\d{4}-\d{4,10}$/.test(id)
    ? `https://www.cve.org/CVERecord?id=${id}`
    : /^GHSA(?:-[23456789cfghjmpqrvwx]{4}){3}$/.test(id)
      ? `https://github.com/advisories/${id}`
      : undefined;
  return href === undefined ? shortened(id, 60) : h('a', { href, rel: 'noreferrer' }, id);
}

const PREDICATE_NAMES = lookup<string>({
  [PREDICATE_TYPE.slsaProvenanceV1]: 'SLSA provenance, version 1',
  [PREDICATE_TYPE.slsaProvenanceV02]: 'SLSA provenance, version 0.2',
  [PREDICATE_TYPE.cyclonedx]: 'SBOM, CycloneDX',
  [PREDICATE_TYPE.spdx]: 'SBOM, SPDX',
  [PREDICATE_TYPE.slsaVsa]: 'Verification summary',
  [PREDICATE_TYPE.testResult]: 'Test result',
  [PREDICATE_TYPE.cosignSign]: 'Signature',
  [PREDICATE_TYPE.openvex]: 'VEX, OpenVEX',
});

const PLACES: Readonly<Record<FoundAttestation['source'] | SignatureFact['kind'], string>> = {
  'this-build': 'this build',
  'buildkit-manifest': 'BuildKit’s attestation manifest',
  'bundle-referrer': 'sigstore bundle',
  'cosign-tag': 'cosign tag',
  'notation-referrer': 'notation',
  'cosign-bundle': 'sigstore bundle',
  notation: 'notation',
};

const VERIFICATION_TONES: Readonly<Record<FoundAttestation['verification'], Tone>> = {
  verified: 'cool',
  unverified: 'warm',
  failed: 'hot',
};

/** Signatures and attestations, and their signers. */
function attestations({ facts: { attestations: fact } }: ImageContents, id: string): Content {
  const title = heading(id, 'Signatures and attestations');
  if (!fact.known) return [title, unknownNote(fact)];
  const all = [...fact.value.signatures, ...fact.value.attestations];
  const heads = ['What', 'Where', 'Verified', 'Digest'];
  const none = h('p', 'Nothing is attached to this image.');
  const most = { most: MOST.attestations };
  return [title, all.length === 0 ? none : table(heads, all, attestationRow, most)];
}

function attestationRow(one: FoundAttestation | SignatureFact): readonly Content[] {
  const { verification, verifiedBy, digest } = one;
  const by = verifiedBy ?? ('detail' in one ? one.detail : undefined);
  const type = 'kind' in one ? undefined : one.predicateType;
  return [
    type === undefined ? 'Signature' : (PREDICATE_NAMES[type] ?? type),
    PLACES['kind' in one ? one.kind : one.source],
    [tag(VERIFICATION_TONES[verification], verification), ' ', h('span', by)],
    digest !== undefined && h('code', shortDigest(digest)),
  ];
}

/** Each layer with its size, its origin and its packages. */
function layers(of: ImageContents, id: string): Content {
  const rows = layerRows(of);
  if (rows.length === 0) return null;
  const sum = (of: typeof rows): number => of.reduce((total, { size }) => total + size, 0);
  const base = rows.filter(({ fromBase }) => fromBase === true);
  const ofBase = base.length > 0 ? `, ${sizeText(sum(base))} of it the base’s` : '';
  const small = `${plural(rows.length, 'layer')}, ${sizeText(sum(rows))} compressed${ofBase}`;
  return [
    heading(id, 'Layers', small),
    table(
      ['##', '#Size', '#Packages', 'Brought by'],
      rows,
      ({ size, fromBase = false, packages: count, createdBy, digest }, index) => [
        ...[index + 1, sizeText(size), count === 0 ? muted('–') : count],
        [
          ...[fromBase && h('em', 'base'), ' '],
          createdBy === undefined ? muted('the history does not say') : h('code', createdBy),
          ...[' ', muted(shortDigest(digest))],
        ],
      ],
      { most: MOST.layers, what: 'layer' },
    ),
    h(
      'p.small.muted',
      'Packages are counted where their record lies; a database that a later layer rewrites is that layer’s.',
    ),
  ];
}

/** Every package with its origin; the page's script makes the table searchable and sortable. */
function packages({ facts }: ImageContents, id: string): Content {
  if (!facts.packages.known) return [heading(id, 'Packages'), unknownNote(facts.packages)];
  const all = facts.packages.value;
  if (all.length === 0) return heading(id, 'Packages', 'none found');
  const manifest = facts.image.known ? facts.image.value.manifest.layers : [];
  const at = new Map<Digest, number>(manifest.map(({ digest }, index) => [digest, index + 1]));
  const tally = [...groupBy(all, ({ type }) => type)]
    .sort(([, a], [, b]) => b.length - a.length)
    .map(([type, { length }]) => `${countText(length)} ${type}`);
  const rows = table(
    ['Package', 'Version', 'Type', 'License', '#Layer', 'Path'],
    all,
    ({ name, version, type, licenses, location }) => [
      shortened(name, 120),
      shortened(version, 120),
      type,
      shortened(licenses.join(', '), 160),
      at.get(location.layer),
      shortened(location.path, 160),
    ],
    {
      sortedAs: 'packages',
      most: MOST.packages,
      what: 'package',
      rest: '; the SBOM names them all',
    },
  );
  const summary = h('summary', plural(all.length, 'package'));
  return [
    heading(id, 'Packages', tally.join(', ')),
    h('details.table', { open: all.length <= OPEN }, summary, rows),
  ];
}
