import { type Criterion, isMet, type Remedy, type Verdict } from '../../../model/criterion.ts';
import { messageOf } from '../../../model/errors.ts';
import type { EvidenceSource, Fact, Facts } from '../../../model/facts.ts';
import { note, unknown } from './verdict.ts';

type FactName = keyof Facts;
type ValueOf<F> = F extends { readonly known: true; readonly value: infer T } ? T : never;

/** A check's input: values of needed facts, and used facts still wrapped: they may be unknown. */
type CheckInput<Needed extends FactName, Used extends FactName> = {
  readonly [N in Needed]: ValueOf<Facts[N]>;
} & { readonly [U in Used]: Facts[U] };

/** A criterion as its file writes it; `needs` and `uses` decide what `check` can read. */
interface CriterionDefinition<Needed extends FactName, Used extends FactName> extends Omit<
  Criterion,
  'judge' | 'needs' | 'uses'
> {
  readonly needs: readonly Needed[];
  readonly uses?: readonly Used[];
  /** The command or flag that decides it where a needed fact is unknown and names none. */
  readonly settle?: string;
  readonly decidedBy: string;
  readonly check: (facts: CheckInput<Needed, Used>) => Verdict;
  readonly remedies: readonly [Remedy, ...Remedy[]];
}

type Judged = ReturnType<Criterion['judge']>;

const SETTLE_SIGNER =
  'scoville grade --key FILE, or --certificate-identity with --certificate-oidc-issuer';

/** Best first, as the rules of evidence rank them. */
const SOURCES: readonly EvidenceSource[] = [
  'build',
  'verified-attestation',
  'unverified-attestation',
  'image',
  'dockerfile',
  'scanner',
];

/**
 * Makes a criterion of its definition. A needed fact that is unknown, and a check that throws,
 * answer `unknown`; so does a pass that rests on nothing: absence of evidence is never a pass.
 */
export function criterion<Needed extends FactName, Used extends FactName = never>(
  definition: CriterionDefinition<Needed, Used>,
): Criterion {
  return { ...definition, judge: (facts) => judge(definition, facts) };
}

function judge<Needed extends FactName, Used extends FactName>(
  definition: CriterionDefinition<Needed, Used>,
  facts: Facts,
): Judged {
  const { needs, uses = [] } = definition;
  const source = sourceOf(needs, facts);
  for (const name of needs) {
    const fact: Fact<unknown> = facts[name];
    if (!fact.known) return { source, ...unknown(fact.reason, fact.settle ?? definition.settle) };
  }
  try {
    const answer = definition.check(inputOf(needs, uses, facts));
    return withoutUnsigned(definition.id, { source, ...withGround(answer) });
  } catch (thrown) {
    return { source, ...unknown(`the check failed: ${messageOf(thrown)}`) };
  }
}

/**
 * Criteria that a statement which nobody is known to have signed, or the image's own word, may
 * earn: what it has to fit is in docs/grading.md. Any other pass by such a word becomes unknown.
 */
export const EARNED_UNSIGNED: ReadonlySet<string> = new Set([
  'minimal-base',
  'trusted-source',
  'verified-downloads',
  'pinned-images',
  'pinned-packages',
  'recently-updated',
  'provenance',
  'sbom',
  'secrets-by-file',
]);

function withoutUnsigned(id: string, answer: Judged): Judged {
  const holds = isMet(answer.outcome);
  if (!holds || answer.source !== 'unverified-attestation') return answer;
  if (EARNED_UNSIGNED.has(id)) return answer;
  return {
    ...unknown(`${answer.summary}, but nobody is known to have signed that`, SETTLE_SIGNER),
    evidence: answer.evidence,
    source: answer.source,
  };
}

function inputOf<Needed extends FactName, Used extends FactName>(
  needs: readonly Needed[],
  uses: readonly Used[],
  facts: Facts,
): CheckInput<Needed, Used> {
  const values = needs.map((name): [string, unknown] => {
    const fact: Fact<unknown> = facts[name];
    return [name, fact.known ? fact.value : undefined];
  });
  const wrapped = uses.map((name): [string, unknown] => [name, facts[name]]);
  // The names come from `needs` and `uses` themselves, which is what the type says.
  return Object.fromEntries([...values, ...wrapped]) as CheckInput<Needed, Used>;
}

/** The weakest source of the needed facts; the author's declarations count only if alone. */
function sourceOf(needs: readonly FactName[], facts: Facts): EvidenceSource {
  const evidence = needs.filter((name) => name !== 'declarations');
  const named = (evidence.length === 0 ? needs : evidence).flatMap((name) => {
    const fact: Fact<unknown> = facts[name];
    return fact.known ? [fact.source] : [];
  });
  return named.reduce<EvidenceSource | undefined>(weaker, undefined) ?? 'image';
}

function weaker(a: EvidenceSource | undefined, b: EvidenceSource): EvidenceSource {
  return a === undefined || SOURCES.indexOf(b) > SOURCES.indexOf(a) ? b : a;
}

function withGround(answer: Verdict): Verdict {
  if (answer.evidence.length > 0) return answer;
  const holds = isMet(answer.outcome);
  return holds
    ? unknown(`${answer.summary}, but nothing shows it`)
    : { ...answer, evidence: [note(answer.summary)] };
}
