import {
  SEVERITIES,
  type Severity,
  severityRank,
  type VulnerabilitiesFact,
  type Vulnerability,
} from '../../model/facts.ts';
import { byCodeUnit } from '../../model/order.ts';
import { plural } from '../../model/quantity.ts';
import type { ImageContents } from '../../model/report.ts';
import { shortened } from '../clean-text.ts';
import { dataTable } from './data-table.ts';
import { html, type Markup } from './markup.ts';
import { SEVERITY_TONES } from './palette.ts';
import { unknownNote } from './unknown-note.ts';

const SHOWN = 2000;
const SHOWN_GAPS = 10;

/** Only what is an identifier letter by letter becomes part of an address. */
function advisory(id: string): string | undefined {
  if (/^CVE-\d{4}-\d{4,10}$/.test(id)) return `https://www.cve.org/CVERecord?id=${id}`;
  if (/^GHSA(?:-[23456789cfghjmpqrvwx]{4}){3}$/.test(id))
    return `https://github.com/advisories/${id}`;
  return undefined;
}

/** The vulnerabilities of one version of a package, worst first. */
interface Affected {
  readonly name: string;
  readonly version: string;
  readonly worst: Severity;
  readonly found: readonly Vulnerability[];
}

function rank({ severity }: Vulnerability): number {
  return severityRank(severity);
}

/** By package, the worst first, then those with the most. */
function byPackage(all: readonly Vulnerability[]): readonly Affected[] {
  const groups = new Map<string, Vulnerability[]>();
  for (const one of all) {
    const key = `${one.package}\n${one.version}`;
    const there = groups.get(key);
    if (there === undefined) groups.set(key, [one]);
    else there.push(one);
  }
  return [...groups.values()]
    .flatMap((group): Affected[] => {
      const found = group.toSorted((a, b) => rank(a) - rank(b) || byCodeUnit(a.id, b.id));
      const [first] = found;
      if (first === undefined) return [];
      return [{ name: first.package, version: first.version, worst: first.severity, found }];
    })
    .sort(
      (a, b) => severityRank(a.worst) - severityRank(b.worst) || b.found.length - a.found.length,
    );
}

function identifier({ id, severity, fixedIn }: Vulnerability): Markup {
  const address = advisory(id);
  const shown = shortened(id, 60);
  const named =
    address === undefined
      ? html`${shown}`
      : html`<a href="${address}" rel="noreferrer">${shown}</a>`;
  return html`<li>
    <b class="tag ${SEVERITY_TONES[severity]}">${severity}</b> ${named}
    <small>${fixedIn === undefined ? 'no fix' : `fixed in ${shortened(fixedIn, 60)}`}</small>
  </li>`;
}

/** The version that fixes them; of several, those that are named, a few. */
function fixes(found: readonly Vulnerability[]): Markup {
  const versions = [...new Set(found.flatMap(({ fixedIn }) => fixedIn ?? []))];
  if (versions.length === 0) return html`<span class="muted">no fix</span>`;
  const [first = '', ...more] = versions.map((one) => shortened(one, 60));
  return html`${first}${more.length === 0 ? undefined : html` <small>and ${plural(more.length, 'other')}</small>`}`;
}

function row({ name, version, worst, found }: Affected): Markup {
  const severities = SEVERITIES.filter((one) => found.some(({ severity }) => severity === one));
  return html`<tr data-severities="${severities.join(' ')}">
    <td data-sort="${severityRank(worst)}">
      <b class="tag ${SEVERITY_TONES[worst]}">${worst}</b>
    </td>
    <td>${shortened(name, 120)}</td>
    <td>${shortened(version, 120)}</td>
    <td>${fixes(found)}</td>
    <td data-sort="${found.length}">
      <details>
        <summary>${found.length}</summary>
        <ul class="ids">
          ${found.map(identifier)}
        </ul>
      </details>
    </td>
  </tr> `;
}

function counts(found: readonly Vulnerability[]): Markup {
  const shown = SEVERITIES.map((severity) => ({
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
    databaseDate === undefined
      ? 'its database does not state a date'
      : `database of ${databaseDate}`;
  return html`${scanner} ${scannerVersion},
  ${date}${suppressedByVex > 0 ? html`, ${suppressedByVex} ruled out by VEX` : undefined}`;
}

function isWhole({ gaps = [] }: VulnerabilitiesFact): boolean {
  return gaps.length === 0;
}

/** What was not checked: a short list says little beside it. */
function gapNotes(scan: VulnerabilitiesFact): Markup | undefined {
  if (isWhole(scan)) return undefined;
  const shown = (scan.gaps ?? []).slice(0, SHOWN_GAPS).map((gap) => shortened(gap, 300));
  return html`<div class="unknown-note">
    <p>Not everything was checked: ${shown.join('; ')}.</p>
  </div>`;
}

/** Vulnerable packages, the worst first, with scanner and database: the result holds that day. */
export function vulnerabilitySection({ facts }: ImageContents, id: string): Markup {
  const fact = facts.vulnerabilities;
  if (!fact.known)
    return html`<h3 id="${id}">Vulnerabilities</h3>
      ${unknownNote(fact)}`;
  const found = fact.value.vulnerabilities;
  const affected = byPackage(found);
  const rest = affected.length - SHOWN;
  const heads = ['Worst', 'Package', 'Version', 'Fixed in', 'Vulnerabilities'];
  return html`<h3 id="${id}">Vulnerabilities <small>${scannedBy(fact.value)}</small></h3>
    ${gapNotes(fact.value)}
    ${
      found.length === 0
        ? html`<p>${isWhole(fact.value) ? 'None known.' : 'None found.'}</p>`
        : html`${counts(found)}
            <details class="table">
              <summary>
                ${plural(found.length, 'vulnerability', 'vulnerabilities')} in
                ${plural(affected.length, 'package')}
              </summary>
              ${dataTable({ heads, rows: affected.slice(0, SHOWN).map(row), sortedAs: 'vulnerabilities' })}
              ${rest > 0 ? html`<p class="muted">and ${plural(rest, 'more package')}, of lower severity</p>` : undefined}
            </details>`
    }`;
}
