import { lookup } from '../../model/lookup.ts';

/** Weights of the base metrics (CVSS v3.1 specification, 7.4). Privileges weigh more where the scope changes. */
const WEIGHTS = lookup<Readonly<Record<string, number>>>({
  AV: { N: 0.85, A: 0.62, L: 0.55, P: 0.2 },
  AC: { L: 0.77, H: 0.44 },
  PR: { N: 0.85, L: 0.62, H: 0.27 },
  UI: { N: 0.85, R: 0.62 },
  C: { H: 0.56, L: 0.22, N: 0 },
  I: { H: 0.56, L: 0.22, N: 0 },
  A: { H: 0.56, L: 0.22, N: 0 },
});
const PRIVILEGES_CHANGED = lookup<number>({ N: 0.85, L: 0.68, H: 0.5 });

/**
 * The base score of a CVSS v3.0 or v3.1 vector (v3.1 specification, 7.1), 0 to 10 with one decimal. Temporal and environmental
 * metrics are passed over. Undefined where the vector is malformed, says a metric twice or lacks a base metric.
 */
export function cvss3Score(vector: string): number | undefined {
  const metrics = metricsOf(vector);
  if (metrics === undefined) return undefined;
  const scope = metrics.get('S');
  if (scope !== 'U' && scope !== 'C') return undefined;
  const weight = (metric: string): number => {
    const table = metric === 'PR' && scope === 'C' ? PRIVILEGES_CHANGED : WEIGHTS[metric];
    return table?.[metrics.get(metric) ?? ''] ?? Number.NaN;
  };
  const missed = 1 - (1 - weight('C')) * (1 - weight('I')) * (1 - weight('A'));
  const impact =
    scope === 'U' ? 6.42 * missed : 7.52 * (missed - 0.029) - 3.25 * (missed - 0.02) ** 15;
  const exploitability = 8.22 * weight('AV') * weight('AC') * weight('PR') * weight('UI');
  if (Number.isNaN(impact) || Number.isNaN(exploitability)) return undefined;
  if (impact <= 0) return 0;
  const sum = impact + exploitability;
  return roundedUp(Math.min(scope === 'U' ? sum : 1.08 * sum, 10));
}

function metricsOf(vector: string): ReadonlyMap<string, string> | undefined {
  if (vector.length > 256 || !/^CVSS:3\.[01](?:\/[A-Z]{1,3}:[A-Z])+$/.test(vector))
    return undefined;
  const pairs = vector
    .split('/')
    .slice(1)
    .map((part): [string, string] => [part.slice(0, -2), part.slice(-1)]);
  const metrics = new Map(pairs);
  return metrics.size === pairs.length ? metrics : undefined;
}

/** The smallest number with one decimal that is not less, safe from binary fractions (v3.1 specification, appendix A). */
function roundedUp(score: number): number {
  const whole = Math.round(score * 100_000);
  return whole % 10_000 === 0 ? whole / 100_000 : (Math.floor(whole / 10_000) + 1) / 10;
}
