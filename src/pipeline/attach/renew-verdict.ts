import type { KeyObject } from 'node:crypto';
import { isVerdict, madeKind } from '../../attestations/made-kind.ts';
import { signerOf } from '../../attestations/signer-of.ts';
import { readVerdict, type StatedVerdict } from '../../attestations/stated-verdict.ts';
import { verdictPolicy } from '../../attestations/verdict-policy.ts';
import { gate } from '../../grading/gate.ts';
import { type CriterionResult, isMet } from '../../model/criterion.ts';
import type { OpenedImage } from '../../model/opened-image.ts';
import type { Settings } from '../../model/settings.ts';
import { CATALOGUE } from '../../rules/verdicts.ts';
import type { Graded } from '../assess/assess.ts';
import type { PipelineContext } from '../context.ts';
import { gradeOpened, type GradeOptions, verifyAll } from '../grade/grade-opened.ts';
import type { Signer } from '../sign/signer.ts';
import type { CheckedAttachment } from '../verify/checked-attachment.ts';
import type { ReadAttachments } from '../verify/read-attachments.ts';

/** Who signs the new verdict: what of the image's own statements are this signer's. */
export interface OwnSigner {
  readonly kind: Signer['kind'];
  /** As `signerOf` names it. */
  readonly name: string | undefined;
  readonly keys: readonly KeyObject[];
}

export interface RenewOptions {
  readonly grading: GradeOptions;
  /** Judge by the settings of the verdict that is there, not by those at hand. */
  readonly inherits: boolean;
  /** Sign a lower one too. */
  readonly regrade: boolean;
}

/** A new judgment of an image, beside the verdict that is signed. */
export interface Judged {
  readonly graded: Graded;
  readonly settings: Settings;
  /** Undefined where the new verdict takes nothing away. */
  readonly lower: Lowered | undefined;
  /** What was read for it, besides verdicts, to see whether more was added meanwhile. */
  readonly statements: string;
  /** A verdict lies under cosign's tag, where readers of that tag look for the new one. */
  readonly isTagged: boolean;
}

/** How a new verdict is lower than one that is there. */
export interface Lowered {
  /** The level that is signed; undefined where its gate was missed. */
  readonly level: number | undefined;
  /** What it met, or needs, and the new one does not meet. */
  readonly criteria: readonly Pick<CriterionResult, 'id' | 'outcome' | 'summary'>[];
  /** Other reasons, one line each. */
  readonly reasons: readonly string[];
}

/** Judges an image again with what its own signed verdict knew, and says what that would lower. */
export async function judgeAgain(
  context: PipelineContext,
  image: OpenedImage,
  own: OwnSigner,
  { grading, inherits, regrade }: RenewOptions,
): Promise<Judged> {
  const attached = await verifyAll(context, image, grading.trusted);
  const verdicts = attached.checked.filter(({ evidence }) => isVerdict(evidence.says));
  const isMine = ({ evidence: { proof }, verification }: CheckedAttachment): boolean =>
    own.name !== undefined &&
    (own.kind === 'key' || verification === 'verified') &&
    signerOf(proof, own.keys) === own.name;
  const root = image.root.digest;
  const isOfRoot = ({ evidence }: CheckedAttachment): boolean => evidence.subjects.includes(root);
  const [before] = statedOf(verdicts.filter((one) => isOfRoot(one) && isMine(one)));
  const judging = inherits && !regrade ? before?.judging : undefined;
  const settings = {
    ...grading.settings,
    ...judging,
    trust: { ...grading.settings.trust, ...judging?.trust },
    // What is here to scan with is asked, whatever the build had.
    scanner: grading.settings.scanner,
  };
  const carried = regrade ? undefined : carriedFrom(context, before, settings);
  const graded = await gradeOpened(context, image, { ...grading, settings, attached, carried });
  const now = { graded, settings, at: context.now() };
  const others = statedOf(
    verdicts.filter((one) => one.evidence.proof.kind !== 'none' && !isMine(one)),
  );
  return {
    graded,
    settings,
    lower: [
      ...(before === undefined ? [] : [lowered(before, now, true)]),
      ...others.map((one) => lowered(one, now, false)),
    ].find((one) => one !== undefined),
    statements: statementNames({ found: attached.checked.map(({ evidence }) => evidence) }),
    isTagged: verdicts.some(
      ({ evidence }) => evidence.attachment.kind === 'cosign-attestation-tag',
    ),
  };
}

/** All that hangs on an image besides verdicts, as a text to compare. */
export function statementNames({ found }: Pick<ReadAttachments, 'found'>): string {
  const names = found
    .filter(({ says }) => !isVerdict(says))
    .map(({ attachment, digest }) => `${attachment.subject} ${digest}`);
  return [...new Set(names)].sort().join('\n');
}

/** The newest first. */
function statedOf(verdicts: readonly CheckedAttachment[]): readonly StatedVerdict[] {
  const predicates = (kind: string): readonly unknown[] =>
    verdicts.flatMap(({ evidence: { says } }) =>
      says.kind === 'statement' && madeKind(says) === kind ? [says.predicate] : [],
    );
  const tests = predicates('tests');
  const time = ({ timeVerified }: StatedVerdict): number => Date.parse(timeVerified) || 0;
  return predicates('verdict')
    .map((summary) => readVerdict(summary, tests))
    .sort((a, b) => time(b) - time(a));
}

/** What a statement that comes or goes, or the day, may change for a digest. */
const CHANGING = ['attestations', 'reproduction', 'vulnerabilities', 'secrets'];

/**
 * What the build knew of this digest and no registry says again: its context, its lock, whose
 * signature its base had. Only where the same version judged the same criteria by the same
 * settings.
 */
function carriedFrom(
  { version }: PipelineContext,
  before: StatedVerdict | undefined,
  settings: Settings,
): GradeOptions['carried'] {
  if (before?.judging === undefined || before.toolVersion !== version) return undefined;
  const { scanner } = before.judging;
  const [now, then] = [{ ...settings, scanner }, before.judging].map(verdictPolicy);
  if (now?.digest.sha256 !== then?.digest.sha256) return undefined;
  if (!CATALOGUE.every(({ id }) => before.criteria.has(id))) return undefined;
  const lasting = CATALOGUE.filter(
    ({ id, needs }) =>
      before.met.has(id) &&
      id !== 'recently-updated' &&
      !needs.some((fact) => CHANGING.includes(fact)),
  );
  return { criteria: new Set(lasting.map(({ id }) => id)), statedAt: before.timeVerified };
}

function lowered(
  before: StatedVerdict,
  { graded, settings, at }: { graded: Graded; settings: Settings; at: number },
  isOwn: boolean,
): Lowered | undefined {
  const { scorecard } = graded;
  const met = gate(scorecard, { ...settings.gate, now: at });
  const stated = before.level ?? -1;
  const isLess = scorecard.level < stated || (stated >= 0 && !met.ok);
  const criteria = scorecard.criteria.filter(
    ({ id, outcome, level }) =>
      !isMet(outcome) && ((isOwn && before.met.has(id)) || (isLess && level <= stated)),
  );
  const gone = isOwn ? (scorecard.notGraded ?? []) : [];
  const reasons = [
    ...(isLess && !met.ok ? met.error.shortfalls.map(({ message }) => message) : []),
    ...gone.map(({ platform }) => `${platform} is not here to be graded`),
  ];
  return isLess || criteria.length > 0 || gone.length > 0
    ? { level: before.level, criteria, reasons }
    : undefined;
}

export function loweredText({ criteria, reasons }: Lowered): string {
  const changes = criteria.map(
    ({ id, outcome, summary }) =>
      `${id} ${outcome === 'fail' ? 'fails' : 'is not known'} (${summary})`,
  );
  return [...changes, ...reasons].join('; ');
}
