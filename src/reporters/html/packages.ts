import type { Digest } from '../../model/digest.ts';
import type { Package } from '../../model/packages.ts';
import { countText, plural } from '../../model/quantity.ts';
import type { ImageContents } from '../../model/report.ts';
import { shortened } from '../clean-text.ts';
import { dataTable } from './data-table.ts';
import { html, Markup } from './markup.ts';
import { unknownNote } from './unknown-note.ts';

/** Beyond these a page no longer opens at once; the JSON of the SBOM has them all. */
const SHOWN = 10_000;
/** A table of up to so many rows stands open. */
const OPEN = 150;
const NAME = 120;
const DETAIL = 160;

const COLUMNS = ['Package', 'Version', 'Type', 'License', 'Layer', 'Path'] as const;

function row(one: Package, layers: ReadonlyMap<Digest, number>): Markup {
  const { name, version, type, licenses, location } = one;
  const layer = layers.get(location.layer);
  // prettier-ignore
  return html`<tr><td>${shortened(name, NAME)}<td>${shortened(version, NAME)}<td>${type}<td>${shortened(licenses.join(', '), DETAIL)}<td class="num">${layer}<td>${shortened(location.path, DETAIL)}
`;
}

function tallied(packages: readonly Package[]): string {
  const counts = new Map<string, number>();
  for (const { type } of packages) counts.set(type, (counts.get(type) ?? 0) + 1);
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([type, count]) => `${countText(count)} ${type}`)
    .join(', ');
}

/** Every package with who brought it; the page's script makes the table searchable and sortable. */
export function packageSection({ facts }: ImageContents, id: string): Markup {
  if (!facts.packages.known)
    return html`<h3 id="${id}">Packages</h3>
      ${unknownNote(facts.packages)}`;
  const packages = facts.packages.value;
  const manifest = facts.image.known ? facts.image.value.manifest.layers : [];
  const layers = new Map(manifest.map(({ digest }, index) => [digest, index + 1]));
  const rest = packages.length - SHOWN;
  const heads = COLUMNS.map((name) => ({ name, isNumber: name === 'Layer' }));
  return html`<h3 id="${id}">
      Packages <small>${packages.length === 0 ? 'none found' : tallied(packages)}</small>
    </h3>
    ${
      packages.length === 0
        ? undefined
        : html`<details class="table" ${packages.length <= OPEN ? new Markup(' open') : undefined}>
            <summary>${plural(packages.length, 'package')}</summary>
            ${dataTable({ heads, rows: packages.slice(0, SHOWN).map((one) => row(one, layers)), sortedAs: 'packages' })}
            ${rest > 0 ? html`<p class="muted">and ${plural(rest, 'more package')}; the SBOM names them all</p>` : undefined}
          </details>`
    }`;
}
