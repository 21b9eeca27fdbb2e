import type { ReactNode } from 'react';
import { lookup } from '../../lib/json.ts';
import { groupBy } from '../../lib/parallel.ts';
import { byCodeUnit, countText, plural, sizeText } from '../../lib/text.ts';
import {
  severityRank,
  type SignatureFact,
  type VulnerabilitiesFact,
  type Vulnerability,
} from '../../model/facts.ts';
import type { Package } from '../../model/packages.ts';
import type { Digest } from '../../model/reference.ts';
import type { ImageContents } from '../../model/report.ts';
import { type FoundAttestation, PREDICATE_TYPE } from '../../model/statement.ts';
import { layerRows } from '../compare.ts';
import { shortDigest, shortened } from '../text.ts';
import { each } from './document.tsx';
import { Muted, Section, SEVERITY_TONES, Table, Tag, type Tone, UnknownNote } from './parts.tsx';

/** Larger pages do not open at once; JSON and the SBOM have all. */
const MOST = { vulnerable: 2000, attestations: 200, layers: 256, packages: 10_000, gaps: 10 };
/** A table of at most these rows starts open. */
const OPEN = 150;

interface OfPlatform {
  readonly of: ImageContents;
  readonly id: string;
}

/** Contents of each platform: vulnerabilities, signatures, layers and packages. */
export function Contents({ of: all }: { readonly of: readonly ImageContents[] }): ReactNode {
  if (all.length === 0) return null;
  const sections = (one: ImageContents, index: number): ReactNode => (
    <>
      <Vulnerabilities of={one} id={`vulnerabilities-${index}`} />
      <Attestations of={one} id={`attestations-${index}`} />
      <Layers of={one} id={`layers-${index}`} />
      <Packages of={one} id={`packages-${index}`} />
    </>
  );
  return (
    <Section id="contents" title="Contents">
      {all.length === 1
        ? each(all, sections)
        : each(all, (one, index) => (
            <details className="platform" open={index === 0}>
              <summary>{one.platform}</summary>
              {sections(one, index)}
            </details>
          ))}
    </Section>
  );
}

/**
 * Vulnerable packages, worst first, with scanner and database: the result is valid for that day.
 */
function Vulnerabilities({ of: { facts }, id }: OfPlatform): ReactNode {
  const fact = facts.vulnerabilities;
  if (!fact.known)
    return (
      <>
        <h3 id={id}>Vulnerabilities</h3>
        <UnknownNote {...fact} />
      </>
    );
  const { vulnerabilities: found, gaps = [] } = fact.value;
  const affected = byPackage(found);
  const counts = [...groupBy(found.toSorted(worstFirst), ({ severity }) => severity)];
  return (
    <>
      <h3 id={id}>
        Vulnerabilities <small>{scannedBy(fact.value)}</small>
      </h3>
      {gaps.length > 0 && (
        <div className="unknown-note">
          <p>
            Not everything was checked:{' '}
            {gaps
              .slice(0, MOST.gaps)
              .map((gap) => shortened(gap, 300))
              .join('; ')}
            .
          </p>
        </div>
      )}
      {found.length === 0 ? (
        <p>{gaps.length === 0 ? 'None known.' : 'None found.'}</p>
      ) : (
        <>
          <ul className="severities">
            {each(counts, ([severity, { length }]) => (
              <li>
                <Tag tone={SEVERITY_TONES[severity]} text={length} /> {severity}
              </li>
            ))}
          </ul>
          <details className="table">
            <summary>
              {plural(found.length, 'vulnerability', 'vulnerabilities')} in{' '}
              {plural(affected.length, 'package')}
            </summary>
            <Table
              heads={['Worst', 'Package', 'Version', 'Fixed in', 'Vulnerabilities']}
              of={affected}
              row={affectedRow}
              sortedAs="vulnerabilities"
              most={MOST.vulnerable}
              what="package"
            >
              , of lower severity
            </Table>
          </details>
        </>
      )}
    </>
  );
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

function affectedRow(found: Affected): readonly ReactNode[] {
  const [worst] = found;
  const [fix, ...fixes] = [...new Set(found.flatMap(({ fixedIn }) => fixedIn ?? []))];
  return [
    <Tag tone={SEVERITY_TONES[worst.severity]} text={worst.severity} />,
    shortened(worst.package, 120),
    shortened(worst.version, 120),
    <>
      {fix === undefined ? <Muted text="no fix" /> : shortened(fix, 60)}
      {fixes.length > 0 && <small> and {plural(fixes.length, 'other')}</small>}
    </>,
    <details>
      <summary>{found.length}</summary>{' '}
      <ul className="ids">
        {each(found, ({ id, severity, fixedIn }) => (
          <li>
            <Tag tone={SEVERITY_TONES[severity]} text={severity} /> <Advisory id={id} />{' '}
            <small>
              {fixedIn === undefined ? 'no fix' : `fixed in ${shortened(fixedIn, 60)}`}
            </small>{' '}
          </li>
        ))}
      </ul>
    </details>,
  ];
}

/** Only a strict identifier becomes part of an address. */
function Advisory({ id }: { readonly id: string }): ReactNode {
  const address = /^CVE-\d{4}-\d{4,10}$/.test(id)
    ? `https://www.cve.org/CVERecord?id=${id}`
    : /^GHSA(?:-[23456789cfghjmpqrvwx]{4}){3}$/.test(id)
      ? `https://github.com/advisories/${id}`
      : undefined;
  if (address === undefined) return shortened(id, 60);
  return (
    <a href={address} rel="noreferrer">
      {id}
    </a>
  );
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
function Attestations({ of: { facts }, id }: OfPlatform): ReactNode {
  const fact = facts.attestations;
  const all = fact.known ? [...fact.value.signatures, ...fact.value.attestations] : [];
  return (
    <>
      <h3 id={id}>Signatures and attestations</h3>
      {!fact.known && <UnknownNote {...fact} />}
      {fact.known && all.length === 0 && <p>Nothing is attached to this image.</p>}
      {all.length > 0 && (
        <Table
          heads={['What', 'Where', 'Verified', 'Digest']}
          of={all}
          row={attestationRow}
          most={MOST.attestations}
        />
      )}
    </>
  );
}

function attestationRow(one: FoundAttestation | SignatureFact): readonly ReactNode[] {
  const { verification, verifiedBy, digest } = one;
  const by = verifiedBy ?? ('detail' in one ? one.detail : undefined);
  const type = 'kind' in one ? undefined : one.predicateType;
  return [
    type === undefined ? 'Signature' : (PREDICATE_NAMES[type] ?? type),
    PLACES['kind' in one ? one.kind : one.source],
    <>
      <Tag tone={VERIFICATION_TONES[verification]} text={verification} /> <span>{by}</span>
    </>,
    <code>{digest !== undefined && shortDigest(digest)}</code>,
  ];
}

const BAR = 160;

/** Each layer with its share of the bytes, its origin and its packages. */
function Layers({ of, id }: OfPlatform): ReactNode {
  const rows = layerRows(of);
  if (rows.length === 0) return null;
  const sum = (of: typeof rows): number => of.reduce((total, { size }) => total + size, 0);
  const largest = rows.reduce((most, { size }) => Math.max(most, size), 1);
  const base = rows.filter(({ fromBase }) => fromBase === true);
  return (
    <>
      <h3 id={id}>
        Layers{' '}
        <small>
          {plural(rows.length, 'layer')}, {sizeText(sum(rows))} compressed
          {base.length > 0 && `, ${sizeText(sum(base))} of it the base’s`}
        </small>
      </h3>
      <Table
        kind="layers"
        heads={['##', <span className="unseen">Share</span>, '#Size', '#Packages', 'Brought by']}
        of={rows}
        row={({ size, fromBase = false, packages, createdBy, digest }, index) => [
          index + 1,
          <svg viewBox={`0 0 ${BAR} 8`} preserveAspectRatio="none" aria-hidden="true">
            <rect
              className={fromBase ? 'base' : 'own'}
              width={Math.max(1, Math.round((size / largest) * BAR))}
              height="8"
              rx="1"
            />
          </svg>,
          sizeText(size),
          packages === 0 ? <Muted text="–" /> : packages,
          <>
            {fromBase && <em>base</em>}{' '}
            {createdBy === undefined ? (
              <Muted text="the history does not say" />
            ) : (
              <code>{createdBy}</code>
            )}{' '}
            <Muted text={shortDigest(digest)} />
          </>,
        ]}
        most={MOST.layers}
        what="layer"
      />
      <p className="small muted">
        Packages are counted where their record lies; a database that a later layer rewrites is that
        layer’s.
      </p>
    </>
  );
}

/** Every package with its origin; the page's script makes the table searchable and sortable. */
function Packages({ of: { facts }, id }: OfPlatform): ReactNode {
  if (!facts.packages.known)
    return (
      <>
        <h3 id={id}>Packages</h3>
        <UnknownNote {...facts.packages} />
      </>
    );
  const packages = facts.packages.value;
  const manifest = facts.image.known ? facts.image.value.manifest.layers : [];
  const layers = new Map<Digest, number>(manifest.map(({ digest }, at) => [digest, at + 1]));
  return (
    <>
      <h3 id={id}>
        Packages <small>{packages.length === 0 ? 'none found' : tallied(packages)}</small>
      </h3>
      {packages.length > 0 && (
        <details className="table" open={packages.length <= OPEN}>
          <summary>{plural(packages.length, 'package')}</summary>
          <Table
            heads={['Package', 'Version', 'Type', 'License', '#Layer', 'Path']}
            of={packages}
            row={({ name, version, type, licenses, location }) => [
              shortened(name, 120),
              shortened(version, 120),
              type,
              shortened(licenses.join(', '), 160),
              layers.get(location.layer),
              shortened(location.path, 160),
            ]}
            sortedAs="packages"
            most={MOST.packages}
            what="package"
          >
            ; the SBOM names them all
          </Table>
        </details>
      )}
    </>
  );
}

function tallied(packages: readonly Package[]): string {
  return [...groupBy(packages, ({ type }) => type)]
    .sort(([, a], [, b]) => b.length - a.length)
    .map(([type, all]) => `${countText(all.length)} ${type}`)
    .join(', ');
}
