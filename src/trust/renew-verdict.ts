import type { KeyObject } from 'node:crypto';
import { CATALOGUE } from '../criteria/catalogue.ts';
import { gate } from '../criteria/score.ts';
import type { Graded } from '../grade/assess.ts';
import { attestationOf, gradeOpened, type GradeOptions, verifyAll } from '../grade/grade-image.ts';
import type { BlobStore } from '../image/blob-store.ts';
import { openStored } from '../image/layout/open-layout.ts';
import type { LayoutStore } from '../image/layout/store.ts';
import type { PipelineContext } from '../model/context.ts';
import { type CriterionResult, isMet } from '../model/criterion.ts';
import type { Descriptor, OpenedImage } from '../model/image.ts';
import type { Settings } from '../model/settings.ts';
import type { FoundAttestation } from '../model/statement.ts';
import type { Signer } from './signer.ts';
import { isVerdict, madeKind, signerOf } from './statement-kinds.ts';
import { NOBODY_NAMED, trustedSigners } from './trusted-signers.ts';
import { readVerdict, type StatedVerdict, verdictPolicy } from './verdict.ts';
import {
  type AttachedEvidence,
  type CheckedAttachment,
  type ReadAttachments,
  readAttachments,
  verifyAttachments,
} from './verify-attached.ts';
import { isBuiltVex } from './vex-document.ts';

export interface OwnSigner {
  readonly kind: Signer['kind'];
  readonly name: string | undefined;
  readonly keys: readonly KeyObject[];
}

interface RenewOptions {
  readonly grading: GradeOptions;
  /** Judge by the settings of the verdict that is there, not by those at hand. */
  readonly inherits: boolean;
  readonly regrade: boolean;
}

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

export interface Lowered {
  /** The level that is signed; undefined where its gate was missed. */
  readonly level: number | undefined;
  /** What it met, or needs, and the new one does not meet. */
  readonly criteria: readonly Pick<CriterionResult, 'id' | 'outcome' | 'summary'>[];
  /** Other reasons, one line each. */
  readonly reasons: readonly string[];
}

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
  const statedOf = (some: readonly CheckedAttachment[]): readonly StatedVerdict[] =>
    statedVerdicts(some.map(({ evidence }) => evidence));
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

export function statementNames({ found }: Pick<ReadAttachments, 'found'>): string {
  const names = found
    .filter(({ says }) => !isVerdict(says))
    .map(({ attachment, digest }) => `${attachment.subject} ${digest}`);
  return [...new Set(names)].sort().join('\n');
}

/** What verdicts say, the newest first. */
export function statedVerdicts(found: readonly AttachedEvidence[]): readonly StatedVerdict[] {
  const predicates = (kind: string): readonly unknown[] =>
    found.flatMap(({ says }) =>
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

/** An image of the layout, with all that its last build published. */
export async function openBuild(
  store: LayoutStore,
  index: Descriptor,
  name: string,
): Promise<OpenedImage> {
  const build = await store.lastOf(index.digest);
  return openStored(store.blobs, index, name, build?.manifests ?? []);
}

export interface KeptAttachments {
  readonly attestations: readonly FoundAttestation[];
  readonly referrers: readonly Descriptor[];
}

interface Made {
  /** Types that this build makes itself. */
  readonly types: readonly string[];
  readonly isProven: boolean;
}

/** What verifies of a build's manifests, without what this build makes. `isOwn`: it made all. */
export async function stillVerified(
  context: PipelineContext,
  blobs: BlobStore,
  { index, manifests }: { readonly index: Descriptor; readonly manifests: readonly Descriptor[] },
  settings: Settings,
  made: Made,
): Promise<KeptAttachments & { readonly isOwn: boolean }> {
  const image = await openStored(blobs, index, index.digest, manifests);
  try {
    const read = await readAttachments(image);
    const candidates = read.found.filter(
      ({ says }) =>
        says.kind === 'statement' &&
        !made.types.includes(says.predicateType) &&
        !isVerdict(says) &&
        !isBuiltVex(says.predicate, index.digest) &&
        !(made.isProven && madeKind(says) === 'second build'),
    );
    if (candidates.length === 0) {
      const isWhole = read.incomplete === undefined && read.unreadable.length === 0;
      return { attestations: [], referrers: [], isOwn: isWhole };
    }
    const artifacts = new Set(candidates.map(({ attachment }) => attachment.descriptor.digest));
    // An artifact is vouched for by what hangs on it.
    const found = read.found.filter(
      (one) => candidates.includes(one) || artifacts.has(one.attachment.subject),
    );
    const trusted = await trustedSigners(context, settings, NOBODY_NAMED);
    const checked = await verifyAttachments(context, image, { ...read, found }, trusted);
    const held = checked.filter(({ verification }) => verification === 'verified');
    const kept = new Set(held.map(({ evidence }) => evidence.attachment.descriptor.digest));
    const referrers = (await image.attachments()).found
      .filter(({ kind }) => kind === 'referrer')
      .filter(({ subject, descriptor }) => kept.has(descriptor.digest) || kept.has(subject))
      .map(({ descriptor }) => descriptor);
    return { attestations: held.flatMap(attestationOf), referrers, isOwn: false };
  } finally {
    await image.close();
  }
}
