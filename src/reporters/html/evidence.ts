import type { CriterionResult, Evidence } from '../../model/criterion.ts';
import { plural, sizeText } from '../../model/quantity.ts';
import { shortDigest } from '../evidence-text.ts';
import { html, type Markup } from './markup.ts';

/** As many stand open; the rest behind a fold, and beyond the bound counted. */
const OPEN = 5;
const SHOWN = 100;

const KINDS: Readonly<Record<Evidence['kind'], string>> = {
  file: 'File',
  package: 'Package',
  dockerfile: 'Dockerfile',
  attestation: 'Attestation',
  image: 'Image',
  config: 'Config',
  vulnerability: 'CVE',
  note: 'Seen',
};

interface Parts {
  /** What can be looked up, letter by letter. */
  readonly place: string;
  readonly about: readonly (string | undefined)[];
}

function partsOf(evidence: Evidence): Parts {
  switch (evidence.kind) {
    case 'file': {
      const { path, detail, size, layer } = evidence;
      const at = layer === undefined ? undefined : `layer ${shortDigest(layer)}`;
      return {
        place: path,
        about: [detail, (size ?? 0) === 0 ? undefined : sizeText(size ?? 0), at],
      };
    }
    case 'package': {
      const { name, version, detail, path } = evidence;
      return { place: `${name} ${version}`, about: [detail, path] };
    }
    case 'dockerfile': {
      const { startLine, endLine, text, detail } = evidence;
      const lines = startLine === endLine ? `line ${startLine}` : `lines ${startLine}–${endLine}`;
      return { place: text, about: [detail, lines] };
    }
    case 'attestation': {
      const { predicateType, digest, detail } = evidence;
      return {
        place: predicateType,
        about: [detail, digest === undefined ? undefined : shortDigest(digest)],
      };
    }
    case 'image':
      return { place: evidence.reference, about: [evidence.detail] };
    case 'config':
      return { place: `${evidence.field}: ${evidence.value}`, about: [evidence.detail] };
    case 'vulnerability': {
      const { id, severity, package: name, version, fixedIn } = evidence;
      const fix = fixedIn === undefined ? 'no fix' : `fixed in ${fixedIn}`;
      return { place: id, about: [severity, `${name} ${version}`, fix] };
    }
    case 'note':
      return { place: '', about: [evidence.text] };
  }
}

function item(evidence: Evidence, before: Evidence | undefined): Markup {
  const { place, about } = partsOf(evidence);
  const kind = evidence.kind === before?.kind ? '' : KINDS[evidence.kind];
  const said = about.filter((one) => one !== undefined && one !== '').join(' · ');
  const code = place === '' ? undefined : html`<code>${place}</code> `;
  return html`<li>
    <span class="kind">${kind}</span><span>${code}<span class="about">${said}</span></span>
  </li>`;
}

function list(all: readonly Evidence[], from: number, to: number): Markup {
  const items = all
    .slice(from, to)
    .map((one, index) => item(one, index === 0 ? undefined : all[from + index - 1]));
  return html`<ul class="evidence">
    ${items}
  </ul>`;
}

/** What an outcome rests on, each piece with its place. */
export function evidenceList({ evidence }: CriterionResult): Markup {
  const folded = Math.min(evidence.length, SHOWN) - OPEN;
  const rest = evidence.length - SHOWN;
  const more = html`<details class="more">
    <summary>${plural(evidence.length - OPEN, 'more piece', 'more pieces')} of evidence</summary>
    ${list(evidence, OPEN, SHOWN)}
    ${rest > 0 ? html`<p class="muted">and ${plural(rest, 'more')}: the JSON report has them all</p>` : undefined}
  </details>`;
  return html`${list(evidence, 0, OPEN)}${folded > 0 ? more : undefined}`;
}
