import { type Outcome, VECTORS } from '../../model/criterion.ts';
import { plural, sizeText } from '../../model/quantity.ts';
import type {
  ComparedImage,
  CriterionChange,
  PackageChange,
  ReportInput,
  ScorecardDifference,
} from '../../model/report.ts';
import type { Score } from '../../model/scorecard.ts';
import { shortened } from '../clean-text.ts';
import { diffScorecards } from '../difference.ts';
import { shortDigest } from '../evidence-text.ts';
import { VECTOR_NAMES } from '../vector-names.ts';
import { dataTable } from './data-table.ts';
import { documentOf } from './document.ts';
import { chillis, outcomeIcon } from './icons.ts';
import { html, type Markup } from './markup.ts';
import { gradeChip, heatBar } from './score.ts';

const PACKAGES_SHOWN = 5000;

function imageCard(when: string, { image, digest, level, levelName }: ComparedImage): Markup {
  return html`<div class="card">
    <p class="muted">${when}</p>
    <p class="name">${image}</p>
    <p class="digest">sha256:${shortDigest(digest)}</p>
    ${chillis(level)}
    <p>level ${level}${level === 0 ? undefined : html`, ${levelName}`}</p>
  </div>`;
}

function change(value: number): Markup {
  if (value === 0) return html`<span class="muted">same</span>`;
  return html`<b class="tag ${value > 0 ? 'cool' : 'hot'}"
    >${value > 0 ? `+${value}` : `−${-value}`}</b
  >`;
}

function scoreRow(name: string, before: Score, after: Score): Markup {
  const of = (score: Score): Markup =>
    html`<td>
      ${gradeChip(score.grade)}
      <span class="of">${score.points}/${score.total}</span>${heatBar(score)}
    </td>`;
  return html`<tr>
    <th scope="row">${name}</th>
    ${of(before)}${of(after)}
    <td>${change(after.points - before.points)}</td>
  </tr>`;
}

function sizeRow({ before, after }: ScorecardDifference): Markup {
  if (before.size === undefined || after.size === undefined) return html``;
  const by = after.size - before.size;
  const shown = by === 0 ? 'same' : `${by > 0 ? '+' : '−'}${sizeText(Math.abs(by))}`;
  return html`<tr>
    <th scope="row">Size</th>
    <td>${sizeText(before.size)}</td>
    <td>${sizeText(after.size)}</td>
    <td class="muted">${shown}</td>
  </tr>`;
}

function outcome(value: Outcome | undefined): Markup {
  return value === undefined ? html`–` : html`${outcomeIcon(value)} ${value}`;
}

function criterionRow({ title, level, before, after, gain, summary }: CriterionChange): Markup {
  return html`<tr>
    <th scope="row">${title} <small>level ${level}</small></th>
    <td class="o">${outcome(before)}</td>
    <td class="o">${outcome(after)}</td>
    <td>${change(gain)}</td>
    <td>${summary}</td>
  </tr>`;
}

function criteria({ criteria: all }: ScorecardDifference): Markup {
  if (all.length === 0) return html`<p>Every criterion came out as before.</p>`;
  const heads = ['Criterion', 'Before', 'After', 'Points', 'Why'];
  return dataTable({ heads, rows: all.map(criterionRow) });
}

function packageRow(what: string) {
  return ({ type, name, before, after }: PackageChange): Markup =>
    html`<tr>
      <td>${shortened(name, 120)}</td>
      <td>${what}</td>
      <td>${type}</td>
      <td>${shortened(before.join(', '), 160)}</td>
      <td>${shortened(after.join(', '), 160)}</td>
    </tr> `;
}

function packageTable(packages: ScorecardDifference['packages']): Markup {
  if (packages === undefined) return html``;
  const { added, removed, changed } = packages;
  const rows = [
    ...added.map(packageRow('added')),
    ...removed.map(packageRow('removed')),
    ...changed.map(packageRow('changed')),
  ];
  const heads = ['Package', 'Change', 'Type', 'Before', 'After'];
  const rest = rows.length - PACKAGES_SHOWN;
  return html`<section aria-labelledby="packages">
    <h2 id="packages">
      Packages
      <small>${added.length} added, ${removed.length} removed, ${changed.length} changed</small>
    </h2>
    ${
      rows.length === 0
        ? html`<p>The same packages.</p>`
        : dataTable({ heads, rows: rows.slice(0, PACKAGES_SHOWN), sortedAs: 'packages' })
    }${rest > 0 ? html`<p class="muted">and ${plural(rest, 'more package')}</p>` : undefined}
  </section>`;
}

/** What is another in the newer image, as one self-contained page. */
export function htmlDifference(before: ReportInput, after: ReportInput): string {
  const difference = diffScorecards(before, after);
  const { before: old, after: now } = difference;
  const body = html`<header class="top">
      <p class="brand">Scoville <span>difference</span></p>
      <h1>${now.image}</h1>
    </header>
    <section class="cards" aria-label="Images">
      ${imageCard('Before', old)}${imageCard('After', now)}
    </section>
    <section aria-labelledby="scores">
      <h2 id="scores">Scores</h2>
      <div class="scroll">
        <table class="compare">
          <thead>
            <tr>
              <td></td>
              <th scope="col">Before</th>
              <th scope="col">After</th>
              <th scope="col">Points</th>
            </tr>
          </thead>
          <tbody>
            ${scoreRow('Overall', old.overall, now.overall)}${VECTORS.map((v) => scoreRow(VECTOR_NAMES[v], old.vectors[v], now.vectors[v]))}${sizeRow(difference)}
          </tbody>
        </table>
      </div>
    </section>
    <section aria-labelledby="criteria">
      <h2 id="criteria">Changed criteria</h2>
      ${criteria(difference)}
    </section>
    ${packageTable(difference.packages)}`;
  return documentOf(`${old.image} and ${now.image}`, body);
}
