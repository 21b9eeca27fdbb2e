import { inParallel } from '../../model/in-parallel.ts';
import { field, listField, textField } from '../../model/json-value.ts';
import { lookup } from '../../model/lookup.ts';
import { err, ok, type Result } from '../../model/result.ts';
import type { OsvHttp } from './osv-http.ts';
import { isOsvId, type OsvMatch } from './osv-names.ts';
import type { OsvPlan, OsvQuery } from './osv-queries.ts';

interface OsvMatches {
  readonly matches: readonly OsvMatch[];
  /** Ecosystems that the server knows nothing of: what it did not find there proves nothing. */
  readonly unknown: readonly string[];
}

/** As many questions as OSV takes at once. */
const BATCH = 1000;
const BATCHES_AT_ONCE = 4;
/** Pages of one question, and answers in all, that no honest server needs. */
const MOST_PAGES = 100;
const MOST_MATCHES = 200_000;

/** A question of the plan, or with none a probe of its ecosystem. */
interface Asked {
  readonly question?: number;
  readonly query: Omit<OsvQuery, 'version'> & { readonly version?: string };
  readonly page?: string;
}

interface Answered {
  readonly asked: Asked;
  readonly found: readonly Omit<OsvMatch, 'question'>[];
  readonly nextPage: string | undefined;
}

/** Asks all questions of a plan, page by page, and whether the server knows their ecosystems. */
export async function askBatches(http: OsvHttp, plan: OsvPlan): Promise<Result<OsvMatches>> {
  const probes = plan.ecosystems.flatMap((ecosystem) =>
    probedPackages(ecosystem).map((name): Asked => ({ query: { package: { name, ecosystem } } })),
  );
  const questions = plan.questions.map(({ query }, question): Asked => ({ question, query }));
  let asked: readonly Asked[] = [...questions, ...probes];
  const matches: OsvMatch[] = [];
  const known = new Set<string>();
  for (let page = 0; asked.length > 0; page++) {
    if (page === MOST_PAGES) return err('its answers have no end');
    const answers = await inParallel(batchesOf(asked), BATCHES_AT_ONCE, (batch) =>
      askBatch(http, batch),
    );
    const answered: Answered[] = [];
    for (const answer of answers) {
      if (!answer.ok) return answer;
      answered.push(...answer.value);
    }
    for (const { asked: of, found } of answered) {
      if (found.length > 0) known.add(of.query.package.ecosystem);
      const { question } = of;
      if (question === undefined) continue;
      // One by one: what a server lists may be more than a call takes arguments.
      for (const one of found) matches.push({ question, ...one });
      if (matches.length > MOST_MATCHES) return err('its answers have no end');
    }
    asked = answered.flatMap(({ asked: one, nextPage }) =>
      one.question === undefined || nextPage === undefined ? [] : [{ ...one, page: nextPage }],
    );
  }
  return ok({ matches, unknown: plan.ecosystems.filter((name) => !known.has(name)) });
}

/** One batch per ecosystem: the server refuses a whole batch if it does not know an ecosystem. */
function batchesOf(asked: readonly Asked[]): readonly (readonly Asked[])[] {
  const byEcosystem = new Map<string, Asked[]>();
  for (const one of asked) {
    const { ecosystem } = one.query.package;
    const before = byEcosystem.get(ecosystem);
    if (before === undefined) byEcosystem.set(ecosystem, [one]);
    else before.push(one);
  }
  return [...byEcosystem.values()].flatMap((all) =>
    Array.from({ length: Math.ceil(all.length / BATCH) }, (_, i) =>
      all.slice(i * BATCH, (i + 1) * BATCH),
    ),
  );
}

async function askBatch(
  http: OsvHttp,
  batch: readonly Asked[],
): Promise<Result<readonly Answered[]>> {
  const queries = batch.map(({ query, page }) => ({
    ...query,
    ...(page === undefined ? {} : { page_token: page }),
  }));
  const answer = await http.json('/v1/querybatch', { queries });
  if (!answer.ok) {
    const isFirst = batch.every(({ page }) => page === undefined);
    return answer.error.status === 400 && isFirst ? ok([]) : err(answer.error.reason);
  }
  const results = listField(answer.value, 'results');
  if (results.length !== batch.length) return err('it left questions unanswered');
  const answered: Answered[] = [];
  for (const [i, asked] of batch.entries()) {
    const found = foundIn(results[i]);
    if (found === undefined) return err('its answer cannot be read');
    const nextPage = textField(results[i], 'next_page_token');
    answered.push({ asked, found, nextPage: nextPage === '' ? undefined : nextPage });
  }
  return ok(answered);
}

function foundIn(result: unknown): readonly Omit<OsvMatch, 'question'>[] | undefined {
  const listed = field(result, 'vulns') ?? [];
  if (!Array.isArray(listed)) return undefined;
  const found = listed.flatMap((one: unknown) => {
    const id = textField(one, 'id');
    if (id === undefined || !isOsvId(id)) return [];
    return [{ id, modified: textField(one, 'modified')?.slice(0, 40) ?? '' }];
  });
  return found.length === listed.length ? found : undefined;
}

/** Packages that every distribution ships and has fixed in every release. */
const OF_DISTRIBUTIONS = ['curl', 'openssl'] as const;

const BY_ECOSYSTEM = lookup<readonly string[]>({
  npm: ['lodash'],
  PyPI: ['django'],
  Go: ['stdlib'],
  Maven: ['org.apache.logging.log4j:log4j-core'],
  RubyGems: ['rails'],
  Packagist: ['symfony/symfony'],
  'crates.io': ['tokio'],
  NuGet: ['Newtonsoft.Json'],
  // Filed by product stream: the base system and the applications.
  'Red Hat': [...OF_DISTRIBUTIONS, 'httpd', 'nodejs'],
});

/**
 * Packages of an ecosystem that had vulnerabilities in every release there is. A server that does
 * not know a release answers as if nothing were wrong with it; asked for these, it gives itself
 * away.
 */
function probedPackages(ecosystem: string): readonly string[] {
  const family = ecosystem.split(':', 1)[0] ?? '';
  return BY_ECOSYSTEM[family] ?? OF_DISTRIBUTIONS;
}
