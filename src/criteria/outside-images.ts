import { usedImages } from '../facts/build-facts.ts';
import { err, ok, type Result } from '../lib/errors.ts';
import { quantity } from '../lib/text.ts';
import type { Evidence, EvidenceState, Verdict } from '../model/criterion.ts';
import {
  type DockerfileModel,
  type ExternalImage,
  readByAnother,
  type SourceRange,
  type Span,
} from '../model/dockerfile.ts';
import { type BuildFact, NAME_THE_DOCKERFILE, type UsedImage } from '../model/facts.ts';
import type { FixInput } from '../model/fix.ts';
import { formatReference, type ImageReference, parseReference } from '../model/reference.ts';
import { fail, listed, notApplicable, note, pass, unknown } from './criterion.ts';
import type { RuleFinding } from './lint-rule.ts';

/** An image that the build took from outside, however that is known. */
export interface OutsideImage {
  readonly text: string;
  /** Undefined where the text is not a reference, or has a variable without a value. */
  readonly reference: ImageReference | undefined;
  readonly role: string;
  /** The digest that the Dockerfile spells, or that this build or its lock file enforced. */
  readonly pinned: boolean;
  readonly pinnedBy: string | undefined;
  readonly signedBy: string | undefined;
  /** Where the Dockerfile names it. */
  readonly range: SourceRange | undefined;
}

const CONTEXT_SCHEME = /^docker-image:\/\//;

const ROLES: Readonly<Record<UsedImage['role'], string>> = {
  base: 'base of the final stage',
  'build-stage': 'base of a build stage',
  'copy-from': 'COPY --from',
  'mount-from': 'RUN --mount from',
  frontend: '# syntax',
  'build-context': '--build-context',
};

/** The outside images that a build used, those without a known name among them. */
function outsideImages(
  used: readonly UsedImage[],
  dockerfile: DockerfileModel | undefined,
): readonly OutsideImage[] {
  const named = used.map(fromUse).filter((image) => image.text !== 'scratch');
  return [...named, ...(dockerfile === undefined ? [] : unnamedBases(dockerfile))];
}

/** Bases with no known value for their name (`FROM ${BASE}`): these are external images too. */
function unnamedBases({ stages, reached }: DockerfileModel): OutsideImage[] {
  return reached.flatMap((index) => {
    const stage = stages[index];
    if (stage?.base.kind !== 'unknown') return [];
    return [
      {
        text: stage.base.text,
        reference: undefined,
        role: 'FROM',
        pinned: false,
        pinnedBy: undefined,
        signedBy: undefined,
        range: stage.range,
      },
    ];
  });
}

function fromUse(image: UsedImage): OutsideImage {
  const parsed = parseReference(image.text.replace(CONTEXT_SCHEME, ''));
  const pinnedBy = image.pinnedInDockerfile
    ? 'the Dockerfile'
    : image.pinnedByBuild
      ? 'this build'
      : undefined;
  return {
    text: image.text,
    reference: parsed.ok ? parsed.value : undefined,
    role: ROLES[image.role],
    pinned: pinnedBy !== undefined,
    pinnedBy,
    signedBy: image.signedBy,
    range: image.range,
  };
}

/** The image with its digest and where the Dockerfile names it. */
function imageEvidence(image: OutsideImage, detail: string, state: EvidenceState): Evidence {
  const line = image.range?.startLine;
  const digest = image.reference?.digest;
  return {
    kind: 'image',
    reference: image.text,
    ...(digest === undefined ? {} : { digest }),
    detail: `${image.role}${line === undefined ? '' : `, line ${line}`}: ${detail}`,
    ...(line === undefined ? {} : { line }),
    state,
  };
}

/** How an outside image was judged; `open` where its name is not constant. */
interface JudgedImage {
  readonly image: OutsideImage;
  readonly state: EvidenceState;
  readonly reason: string;
}

export type JudgeImage = (image: OutsideImage) => Omit<JudgedImage, 'image'>;

/** Judges each external image of a build: a bad one fails; an unknown name leaves it undecided. */
export function judgeImages(
  build: BuildFact,
  judge: JudgeImage,
  words: { readonly none: string; readonly short: string; readonly met: string },
): Verdict {
  const { images, dockerfile } = build;
  if (!images.known) return unknown(images.reason, images.settle ?? NAME_THE_DOCKERFILE);
  const { source } = images;
  const value = outsideImages(images.value, dockerfile.known ? dockerfile.value : undefined);
  if (value.length === 0)
    return notApplicable(words.none, [note('the build uses scratch alone')], { source });
  const judged = value.map((image): JudgedImage => ({ image, ...judge(image) }));
  const evidence = judged.map(({ image, reason, state }) => imageEvidence(image, reason, state));
  const named = (wanted: EvidenceState): readonly string[] =>
    judged.filter(({ state }) => state === wanted).map(({ image }) => image.text);
  const [loose, open] = [named('loose'), named('open')];
  if (loose.length > 0) return fail(`${words.short} ${listed(loose)}`, evidence, { source });
  const other = dockerfile.known ? dockerfile.value.foreignFrontend : undefined;
  if (other !== undefined)
    return unknown(
      readByAnother(other),
      'build with the frontend docker/dockerfile',
      evidence,
      source,
    );
  if (open.length > 0)
    return unknown(
      `not constant: ${listed(open)}`,
      'scoville build --build-arg NAME=VALUE',
      evidence,
      source,
    );
  return pass(`${quantity(value.length, 'image')} ${words.met}`, evidence, { source });
}

/** External images that a Dockerfile names and that do not pass a criterion, each judged alone. */
export function imageFindings(model: DockerfileModel, judge: JudgeImage): readonly RuleFinding[] {
  return outsideImages(usedImages(model, [], []), model).flatMap((image) => {
    const { text, role, range } = image;
    const { state, reason } = judge(image);
    if (state === 'held' || range === undefined) return [];
    const found = { range, message: `${text}, ${role}: ${reason}` };
    return [state === 'open' ? { ...found, severity: 'info' as const } : found];
  });
}

/** A reference as written in the file, with the image that it means. */
export interface ImagePlace extends Span {
  /** As written, variables and all. */
  readonly text: string;
  readonly image: ExternalImage;
  readonly line: number;
}

/** Every place where the Dockerfile names an image from outside that the target reaches. */
export function imagePlaces({ source, model }: FixInput): readonly ImagePlace[] {
  return model.externalImages.flatMap((image) => {
    const span = source.spanOf(image.range);
    const text = source.text.slice(span.start, span.end);
    const isNamed = text.includes('$') || text === image.text;
    return isNamed ? [{ ...span, text, image, line: image.range.startLine }] : [];
  });
}

/** An image that an edit adds, with the digest its tag points to now; an error if it is unknown. */
export function addedImage(name: string, { facts }: Pick<FixInput, 'facts'>): Result<string> {
  const reference = parseReference(name);
  if (!reference.ok) return err(`${name} is not the name of an image`);
  const digest = facts.digests.get(formatReference(reference.value));
  if (digest?.ok === true) return ok(`${name}@${digest.value}`);
  const why = digest === undefined ? '' : `: ${digest.error}`;
  return err(`the digest of ${name} is not known, and an image is not added without one${why}`);
}
