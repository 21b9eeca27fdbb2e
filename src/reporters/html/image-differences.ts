import type { ImageComparison, ImageDifference } from '../../model/difference.ts';
import { digestHex } from '../../model/digest.ts';
import { plural } from '../../model/quantity.ts';
import { shortDigest } from '../evidence-text.ts';
import { byClass, byLayer, type LayerGroup, placeText } from '../images/difference-groups.ts';
import { dataTable } from './data-table.ts';
import { documentOf } from './document.ts';
import { codeBlock, html, type Markup } from './markup.ts';

/** Entries that are listed of each layer; the rest is counted. */
const MOST = 2000;

function imageCard(which: string, name: string, digest: string): Markup {
  return html`<div class="card">
    <p class="muted">${which}</p>
    <p class="name">${name}</p>
    <p class="digest">${digest}</p>
  </div>`;
}

function manifestRow({ platform, first, second }: ImageComparison['platforms'][number]): Markup {
  const same = first !== undefined && first === second;
  const digest = (one: typeof first): Markup =>
    one === undefined
      ? html`not there`
      : html`<code title="${one}">sha256:${shortDigest(one)}</code>`;
  return html`<tr>
    <th scope="row">${platform}</th>
    <td><b class="tag ${same ? 'cool' : 'hot'}">${same ? 'the same' : 'differs'}</b></td>
    <td>${digest(first)}</td>
    <td>${same ? html`the same` : digest(second)}</td>
  </tr>`;
}

/** Each cause once, what is seen most first. */
function causes(differences: readonly ImageDifference[]): Markup {
  if (differences.length === 0) return html``;
  const rows = byClass(differences).map(
    ({ id, cause, remedy, count }) =>
      html`<tr>
        <th scope="row">${id}</th>
        <td class="num">${count}</td>
        <td>${cause}</td>
        <td>${remedy === undefined ? '–' : html`<code>${remedy}</code>`}</td>
      </tr>`,
  );
  const heads = ['Class', { name: 'Found', isNumber: true }, 'Why', 'What to do'];
  return html`<section aria-labelledby="causes">
    <h2 id="causes">Why, and what to do</h2>
    ${dataTable({ heads, rows })}
  </section>`;
}

function entryRow({ path, kind, class: id, detail, deeper }: ImageDifference): Markup {
  return html`<tr>
    <td>${path === '' ? kind : path}</td>
    <td>${kind}</td>
    <td>${id}</td>
    <td>
      ${detail}${
        deeper === undefined
          ? undefined
          : html`<details class="more">
              <summary>diffoscope</summary>
              ${codeBlock(deeper)}
            </details>`
      }
    </td>
  </tr> `;
}

function layer({ entries, first: one }: LayerGroup, at: number): Markup {
  const where = placeText(one);
  const place =
    one.layer === undefined
      ? html`config and annotations`
      : html`layer ${one.layerIndex}${where === undefined ? undefined : html`, ${where}`}`;
  const rest = entries.length - MOST;
  return html`<section aria-labelledby="layer-${at}">
    <h2 id="layer-${at}">
      ${one.platform}: ${place} <small>${plural(entries.length, 'difference')}</small>
    </h2>
    ${one.layer === undefined ? undefined : html`<p class="digest">sha256:<wbr />${digestHex(one.layer)}</p>`}
    ${one.instruction === undefined ? undefined : html`<pre><code>${one.instruction}</code></pre>`}
    ${dataTable({
      heads: ['Path', 'Kind', 'Class', 'Where it differs'],
      rows: entries.slice(0, MOST).map(entryRow),
      sortedAs: 'files',
    })}${rest > 0 ? html`<p class="muted">and ${plural(rest, 'more', 'more')}</p>` : undefined}
  </section>`;
}

function sourceLine({ source }: ImageComparison): Markup | undefined {
  if (source === undefined) return undefined;
  const by =
    source.verifiedBy === undefined
      ? 'the provenance that names it was not verified'
      : `the provenance that names it is signed by ${source.verifiedBy}`;
  return html`<p class="figures">
    built again from ${source.url} at <code>${source.revision}</code>; ${by}
  </p>`;
}

/** A comparison of two images as a self-contained page: the answer, the causes, files by layer. */
export function htmlImageDifferences(comparison: ImageComparison): string {
  const { first, second, reproducible, platforms, differences, omitted } = comparison;
  const found = plural(differences.length + omitted, 'difference');
  const body = html`<header class="top">
      <p class="brand">
        Scoville
        <span>${comparison.source === undefined ? 'two images, bit for bit' : 'reproduction'}</span>
      </p>
      <h1>${first.name}</h1>
      <p class="level name">
        <b class="tag ${reproducible ? 'cool' : 'hot'}"
          >${reproducible ? 'the same' : 'not the same'}</b
        >
        ${reproducible ? 'Every image manifest has the same digest.' : `${found}.`}
      </p>
      ${sourceLine(comparison)}
    </header>
    <section class="cards" aria-label="Images">
      ${imageCard('First', first.name, first.digest)}${imageCard('Second', second.name, second.digest)}
    </section>
    <section aria-labelledby="manifests">
      <h2 id="manifests">Image manifests</h2>
      ${dataTable({ heads: ['Platform', 'Answer', 'First', 'Second'], rows: platforms.map(manifestRow) })}
    </section>
    ${causes(differences)}${byLayer(differences).map(layer)}
    ${omitted > 0 ? html`<p class="muted">${omitted} more differences are not listed.</p>` : undefined}`;
  return documentOf(`${first.name}: ${reproducible ? 'the same' : found}`, body);
}
