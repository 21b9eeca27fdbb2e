import { plural, sizeText } from '../../model/quantity.ts';
import type { ImageContents } from '../../model/report.ts';
import { shortDigest } from '../evidence-text.ts';
import { type LayerRow, layerRows } from '../layers.ts';
import { html, type Markup } from './markup.ts';

/** More layers than any engine takes are counted, not shown. */
const SHOWN = 256;
const BAR = 160;

function row(layer: LayerRow, index: number, largest: number): Markup {
  const width = Math.max(1, Math.round((layer.size / Math.max(1, largest)) * BAR));
  const base = layer.fromBase === true;
  const who =
    layer.createdBy === undefined
      ? html`<span class="muted">the history does not say</span>`
      : html`<code>${layer.createdBy}</code>`;
  return html`<tr>
    <td class="num">${index + 1}</td>
    <td class="bar">
      <svg viewBox="0 0 ${BAR} 8" preserveAspectRatio="none" aria-hidden="true">
        <rect class="${base ? 'base' : 'own'}" width="${width}" height="8" rx="1" />
      </svg>
    </td>
    <td class="num">${sizeText(layer.size)}</td>
    <td class="num">
      ${layer.packages === 0 ? html`<span class="muted">–</span>` : layer.packages}
    </td>
    <td class="by">
      ${base ? html`<em>base</em> ` : undefined}${who}
      <span class="muted">${shortDigest(layer.digest)}</span>
    </td>
  </tr>`;
}

/** Each layer with its share of the bytes, who brought it, and the packages that it holds. */
export function layerSection(contents: ImageContents, id: string): Markup {
  const rows = layerRows(contents);
  if (rows.length === 0) return html``;
  const total = rows.reduce((sum, { size }) => sum + size, 0);
  const largest = rows.reduce((most, { size }) => Math.max(most, size), 0);
  const base = rows.filter(({ fromBase }) => fromBase === true);
  const share =
    base.length === 0
      ? ''
      : `, ${sizeText(base.reduce((sum, { size }) => sum + size, 0))} of it the base’s`;
  const rest = rows.length - SHOWN;
  return html`<h3 id="${id}">
      Layers <small>${plural(rows.length, 'layer')}, ${sizeText(total)} compressed${share}</small>
    </h3>
    <div class="scroll">
      <table class="layers">
        <thead>
          <tr>
            <th scope="col" class="num">#</th>
            <th scope="col"><span class="unseen">Share</span></th>
            <th scope="col" class="num">Size</th>
            <th scope="col" class="num">Packages</th>
            <th scope="col">Brought by</th>
          </tr>
        </thead>
        <tbody>
          ${rows.slice(0, SHOWN).map((one, index) => row(one, index, largest))}
        </tbody>
      </table>
    </div>
    ${rest > 0 ? html`<p class="muted">and ${plural(rest, 'more layer')}</p>` : undefined}
    <p class="small muted">
      Packages are counted where their record lies; a database that a later layer rewrites is that
      layer’s.
    </p>`;
}
