import { SEVERITIES, type Severity, severityRank, type Vulnerability } from '../../model/facts.ts';
import { byCodeUnit } from '../../model/order.ts';
import type { ImageContents } from '../../model/report.ts';

/** A vulnerability that counts, in all packages and platforms that have it. */
export interface OpenFinding {
  readonly id: string;
  readonly aliases: readonly string[];
  readonly severity: Severity;
  /** `zlib 1.2, fixed in 1.3`, each once. */
  readonly places: readonly string[];
  /** Package URLs without qualifiers, which each scanner writes otherwise; none where one package has no URL. */
  readonly packages: readonly string[];
  readonly url: string | undefined;
}

/** What counts against an image, by vulnerability, the worst first. */
export function openFindings(contents: readonly ImageContents[]): readonly OpenFinding[] {
  const byId = new Map<string, Vulnerability[]>();
  for (const { facts } of contents)
    if (facts.vulnerabilities.known)
      for (const found of facts.vulnerabilities.value.vulnerabilities)
        byId.set(found.id, [...(byId.get(found.id) ?? []), found]);
  return [...byId]
    .map(([id, all]) => findingOf(id, all))
    .sort((a, b) => severityRank(a.severity) - severityRank(b.severity) || byCodeUnit(a.id, b.id));
}

function findingOf(id: string, all: readonly Vulnerability[]): OpenFinding {
  const purls = all.map(({ purl }) => purl?.split(/[?#]/, 1)[0]);
  const named = purls.filter((purl) => purl !== undefined);
  const places = all.map(
    ({ package: name, version, fixedIn }) =>
      `${name} ${version}${fixedIn === undefined ? '' : `, fixed in ${fixedIn}`}`,
  );
  return {
    id,
    aliases: [...new Set(all.flatMap(({ aliases = [] }) => aliases))].filter((one) => one !== id),
    severity: SEVERITIES.find((one) => all.some(({ severity }) => severity === one)) ?? 'unknown',
    places: [...new Set(places)],
    packages: named.length < purls.length ? [] : [...new Set(named)],
    url: all.find(({ url }) => url !== undefined)?.url,
  };
}
