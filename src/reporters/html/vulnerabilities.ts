import type { Severity, VulnerabilitiesFact, Vulnerability } from '../../model/facts.ts';
import type { ImageContents } from '../../model/report.ts';
import { shortened } from '../clean-text.ts';
import { plural } from '../size-text.ts';
import { dataTable } from './data-table.ts';
import { html, type Markup } from './markup.ts';
import { SEVERITY_TONES } from './palette.ts';
import { unknownNote } from './unknown-note.ts';

const SHOWN = 2000;
const SHOWN_GAPS = 10;
const ORDER: readonly Severity[] = ['critical', 'high', 'medium', 'low', 'negligible', 'unknown'];

/** Only what is an identifier letter by letter becomes part of an address. */
function advisory(id: string): string | undefined {
  if (/^CVE-\d{4}-\d{4,10}$/.test(id)) return `https://www.cve.org/CVERecord?id=${id}`;
  if (/^GHSA(?:-[23456789cfghjmpqrvwx]{4}){3}$/.test(id))
    return `https://github.com/advisories/${id}`;
  return undefined;
}

function row({ id, severity, package: name, version, fixedIn }: Vulnerability): Markup {
  const address = advisory(id);
  const shown = shortened(id, 60);
  const named =
    address === undefined
      ? html`${shown}`
      : html`<a href="${address}" rel="noreferrer">${shown}</a>`;
  return html`<tr>
    <td data-sort="${ORDER.indexOf(severity)}">
      <b class="tag ${SEVERITY_TONES[severity]}">${severity}</b>
    </td>
    <td>${named}</td>
    <td>${shortened(name, 120)}</td>
    <td>${shortened(version, 120)}</td>
    <td>
      ${fixedIn === undefined ? html`<span class="muted">no fix</span>` : html`${shortened(fixedIn, 120)}`}
    </td>
  </tr> `;
}

function counts(found: readonly Vulnerability[]): Markup {
  const shown = ORDER.map((severity) => ({
    severity,
    count: found.filter((one) => one.severity === severity).length,
  })).filter(({ count }) => count > 0);
  return html`<ul class="severities">
    ${shown.map(({ severity, count }) => html`<li><b class="tag ${SEVERITY_TONES[severity]}">${count}</b> ${severity}</li>`)}
  </ul>`;
}

function scannedBy({
  scanner,
  scannerVersion,
  databaseDate,
  suppressedByVex,
}: VulnerabilitiesFact): Markup {
  const date =
    databaseDate === undefined ? 'its database states no date' : `database of ${databaseDate}`;
  return html`${scanner} ${scannerVersion},
  ${date}${suppressedByVex > 0 ? html`, ${suppressedByVex} ruled out by VEX` : undefined}`;
}

function isWhole({ gaps = [] }: VulnerabilitiesFact): boolean {
  return gaps.length === 0;
}

/** What was not looked at: a short list says little beside it. */
function gapNotes(scan: VulnerabilitiesFact): Markup | undefined {
  if (isWhole(scan)) return undefined;
  const shown = (scan.gaps ?? []).slice(0, SHOWN_GAPS).map((gap) => shortened(gap, 300));
  return html`<div class="unknown-note">
    <p>Not all was looked at: ${shown.join('; ')}.</p>
  </div>`;
}

/** What the scanner found, worst first, with scanner and database: it holds for that day. */
export function vulnerabilitySection({ facts }: ImageContents, id: string): Markup {
  const fact = facts.vulnerabilities;
  if (!fact.known)
    return html`<h3 id="${id}">Vulnerabilities</h3>
      ${unknownNote(fact)}`;
  const found = [...fact.value.vulnerabilities].sort(
    (a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity) || (a.id < b.id ? -1 : 1),
  );
  const rest = found.length - SHOWN;
  const heads = ['Severity', 'Id', 'Package', 'Version', 'Fixed in'];
  return html`<h3 id="${id}">Vulnerabilities <small>${scannedBy(fact.value)}</small></h3>
    ${gapNotes(fact.value)}
    ${
      found.length === 0
        ? html`<p>${isWhole(fact.value) ? 'None known.' : 'None found.'}</p>`
        : html`${counts(found)}
            <details class="table">
              <summary>${plural(found.length, 'vulnerability', 'vulnerabilities')}</summary>
              ${dataTable({ heads, rows: found.slice(0, SHOWN).map(row), sortedAs: 'vulnerabilities' })}
              ${rest > 0 ? html`<p class="muted">and ${plural(rest, 'more')}, of lower severity</p>` : undefined}
            </details>`
    }`;
}
