import { messageOf } from '../lib/errors.ts';
import { given } from '../lib/json.ts';
import { withoutPasswords } from '../lib/text.ts';
import {
  type Criterion,
  type Evidence,
  type EvidenceState,
  isMet,
  type Remedy,
  type Verdict,
} from '../model/criterion.ts';
import type { SourceRange } from '../model/dockerfile.ts';
import type { EvidenceSource, Fact, Facts, FileFact } from '../model/facts.ts';
import type { Package } from '../model/packages.ts';

/** More findings are counted but not listed: this bounds a report, whatever the image contains. */
export const EVIDENCE_LIMIT = 200;

/** Additions to a verdict's outcome: another source, and how to decide an unknown. */
interface VerdictOptions {
  readonly source?: EvidenceSource | undefined;
  readonly settle?: string | undefined;
}

function verdict(
  outcome: Verdict['outcome'],
  summary: string,
  evidence: readonly Evidence[],
  options: VerdictOptions,
): Verdict {
  const rest = evidence.length - EVIDENCE_LIMIT;
  const kept =
    rest > 0 ? [...evidence.slice(0, EVIDENCE_LIMIT), note(`and ${rest} more`)] : evidence;
  const { settle, source } = options;
  return { outcome, summary, evidence: kept, ...given({ settle, source }) };
}

/** The criterion is met; `evidence` says what was checked and must not be empty. */
export const pass = answering('pass');
/** There is positive evidence that the criterion is not met. */
export const fail = answering('fail');
/** The criterion has no subject in this image; `evidence` says how that is known. */
export const notApplicable = answering('not-applicable');

function answering(outcome: Verdict['outcome']) {
  return (summary: string, evidence: readonly Evidence[], options: VerdictOptions = {}): Verdict =>
    verdict(outcome, summary, evidence, options);
}

/** The evidence is not available: why, and in `settle` the one command or flag that decides it. */
export function unknown(
  reason: string,
  settle?: string,
  evidence: readonly Evidence[] = [],
  source?: EvidenceSource,
): Verdict {
  const shown = evidence.length === 0 ? [note(reason)] : evidence;
  return verdict('unknown', reason, shown, { settle, source });
}

export function note(text: string): Evidence {
  return { kind: 'note', text };
}

export function configEvidence(field: string, value: string, detail?: string): Evidence {
  return { kind: 'config', field, value: withoutCredentials(value), ...given({ detail }) };
}

/** A file with its layer and size; a link names its target. */
export function fileEvidence(file: FileFact, detail?: string): Evidence {
  const leads = file.resolved === undefined ? undefined : `points to ${file.resolved}`;
  const detailed = [detail, leads].filter((part) => part !== undefined).join(', ');
  const { path, layer, size } = file;
  return { kind: 'file', path, layer, size, ...(detailed !== '' && { detail: detailed }) };
}

export function packageEvidence(found: Package, detail = found.unrecorded): Evidence {
  const { name, version, location } = found;
  return { kind: 'package', name, version, path: location.path, ...given({ detail }) };
}

const CREDENTIALS = /(:\/\/)[^\s/@'"]+@/g;

/** The text without the user and password of a URL in it. */
export function withoutCredentials(text: string): string {
  return text.replace(CREDENTIALS, '$1****@');
}

/** Lines of the Dockerfile, with what is said about them. */
export function lineEvidence(
  range: SourceRange,
  text: string,
  detail?: string,
  state?: EvidenceState,
): Evidence & { readonly kind: 'dockerfile' } {
  const { startLine, endLine } = range;
  const shown = withoutCredentials(text);
  return { kind: 'dockerfile', startLine, endLine, text: shown, ...given({ detail, state }) };
}

/** The first names and how many are left out: `a, b, c and 4 more`. */
export function listed(names: readonly string[], shown = 3): string {
  const distinct = [...new Set(names)];
  const rest = distinct.length - shown;
  return rest > 0 ? `${distinct.slice(0, shown).join(', ')} and ${rest} more` : distinct.join(', ');
}

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
    const answer = withoutSecrets(definition.check(inputOf(needs, uses, facts)));
    return withoutUnsigned(definition.id, { source, ...withGround(answer) });
  } catch (thrown) {
    return { source, ...unknown(`the check failed: ${messageOf(thrown)}`) };
  }
}

/** Evidence quotes names and commands: the secrets in them go into no report. */
function withoutSecrets(answer: Verdict): Verdict {
  const shown = (text: string): string => withoutPasswords(text, '***');
  const evidence = answer.evidence.map((one) => {
    const texts = Object.entries(one).flatMap(([key, value]) =>
      typeof value === 'string' ? [[key, shown(value)] as const] : [],
    );
    return { ...one, ...Object.fromEntries(texts) };
  });
  return { ...answer, summary: shown(answer.summary), evidence };
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
  const isUnsigned = isMet(answer.outcome) && answer.source === 'unverified-attestation';
  if (!isUnsigned || EARNED_UNSIGNED.has(id)) return answer;
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
  return SOURCES.findLast((source) => named.includes(source)) ?? 'image';
}

function withGround(answer: Verdict): Verdict {
  if (answer.evidence.length > 0) return answer;
  return isMet(answer.outcome)
    ? unknown(`${answer.summary}, but nothing shows it`)
    : { ...answer, evidence: [note(answer.summary)] };
}
