import type { SignatureFact } from '../../model/facts.ts';
import { lookup } from '../../model/lookup.ts';
import { plural } from '../../model/quantity.ts';
import type { ImageContents } from '../../model/report.ts';
import { type FoundAttestation, PREDICATE_TYPE } from '../../model/statement.ts';
import { shortDigest } from '../evidence-text.ts';
import { dataTable } from './data-table.ts';
import { html, type Markup } from './markup.ts';
import type { ToneName } from './palette.ts';
import { unknownNote } from './unknown-note.ts';

const SHOWN = 200;

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

const SOURCES: Readonly<Record<FoundAttestation['source'] | SignatureFact['kind'], string>> = {
  'this-build': 'this build',
  'buildkit-manifest': 'BuildKit’s attestation manifest',
  'bundle-referrer': 'sigstore bundle',
  'cosign-tag': 'cosign tag',
  'notation-referrer': 'notation',
  'cosign-bundle': 'sigstore bundle',
  notation: 'notation',
};

interface Row {
  readonly what: string;
  readonly where: string;
  readonly verification: FoundAttestation['verification'];
  readonly by: string | undefined;
  readonly digest: string | undefined;
}

const TONES: Readonly<Record<Row['verification'], ToneName>> = {
  verified: 'cool',
  unverified: 'warm',
  failed: 'hot',
};

function rowOf(one: FoundAttestation | SignatureFact): Row {
  const { verification, verifiedBy, digest } = one;
  const rest = {
    verification,
    by: verifiedBy ?? ('detail' in one ? one.detail : undefined),
    digest: digest === undefined ? undefined : shortDigest(digest),
  };
  return 'kind' in one
    ? { what: 'Signature', where: SOURCES[one.kind], ...rest }
    : {
        what: PREDICATE_NAMES[one.predicateType] ?? one.predicateType,
        where: SOURCES[one.source],
        ...rest,
      };
}

function written({ what, where, verification, by, digest }: Row): Markup {
  return html`<tr>
    <td>${what}</td>
    <td>${where}</td>
    <td>
      <b class="tag ${TONES[verification]}">${verification}</b
      >${by === undefined ? undefined : html` <span>${by}</span>`}
    </td>
    <td><code>${digest ?? ''}</code></td>
  </tr>`;
}

/** Signatures and attestations, and who vouches for each. */
export function attestationSection({ facts }: ImageContents, id: string): Markup {
  const fact = facts.attestations;
  if (!fact.known)
    return html`<h3 id="${id}">Signatures and attestations</h3>
      ${unknownNote(fact)}`;
  const rows = [...fact.value.signatures, ...fact.value.attestations].map(rowOf);
  const rest = rows.length - SHOWN;
  const heads = ['What', 'Where', 'Verified', 'Digest'];
  return html`<h3 id="${id}">Signatures and attestations</h3>
    ${
      rows.length === 0
        ? html`<p>Nothing is attached to this image.</p>`
        : dataTable({ heads, rows: rows.slice(0, SHOWN).map(written) })
    }
    ${rest > 0 ? html`<p class="muted">and ${plural(rest, 'more')}</p>` : undefined}`;
}
