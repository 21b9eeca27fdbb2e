import type { Evidence, EvidenceState, Verdict } from '../../../model/criterion.ts';
import {
  type BuildFact,
  type Fact,
  NAME_THE_DOCKERFILE,
  type UsedImage,
} from '../../../model/facts.ts';
import { quantity } from '../../../model/quantity.ts';
import { type ImageReference, parseReference } from '../../../model/reference.ts';
import { fail, listed, notApplicable, note, pass, unknown } from './verdict.ts';

/** An image that the build took from outside, however that is known. */
export interface OutsideImage {
  readonly text: string;
  /** Undefined where the text is no reference, or holds a variable without a value. */
  readonly reference: ImageReference | undefined;
  readonly role: string;
  /** The digest that the Dockerfile spells, or that this build or its lock file enforced. */
  readonly pinned: boolean;
  readonly pinnedBy: string | undefined;
  readonly signedBy: string | undefined;
  readonly line: number | undefined;
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

/** The outside images that the build used. */
function outsideImages(build: BuildFact): Fact<readonly OutsideImage[]> {
  if (!build.images.known) return build.images;
  const used = build.images.value.map(fromUse).filter((image) => image.text !== 'scratch');
  return { ...build.images, value: [...used, ...unnamedBases(build)] };
}

/** Bases whose name no value is known for (`FROM ${BASE}`): they are images from outside all the same. */
function unnamedBases({ dockerfile }: BuildFact): OutsideImage[] {
  if (!dockerfile.known) return [];
  const { stages, reached } = dockerfile.value;
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
        line: stage.range.startLine,
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
    line: image.line,
  };
}

/** The image with its digest and where the Dockerfile names it. */
function imageEvidence(image: OutsideImage, detail: string, state: EvidenceState): Evidence {
  const line = image.line === undefined ? '' : `, line ${image.line}`;
  const digest = image.reference?.digest;
  return {
    kind: 'image',
    reference: image.text,
    ...(digest === undefined ? {} : { digest }),
    detail: `${image.role}${line}: ${detail}`,
    ...(image.line === undefined ? {} : { line: image.line }),
    state,
  };
}

/** How an outside image was judged; `open` where its name is not constant. */
interface JudgedImage {
  readonly image: OutsideImage;
  readonly state: EvidenceState;
  readonly reason: string;
}

/** Judges each outside image of a build by itself: one that falls short fails, one whose name is not constant leaves it open. */
export function judgeImages(
  build: BuildFact,
  judge: (image: OutsideImage) => Omit<JudgedImage, 'image'>,
  words: { readonly none: string; readonly short: string; readonly met: string },
): Verdict {
  const images = outsideImages(build);
  if (!images.known) return unknown(images.reason, images.settle ?? NAME_THE_DOCKERFILE);
  const { source, value } = images;
  if (value.length === 0)
    return notApplicable(words.none, [note('the build uses scratch alone')], { source });
  const judged = value.map((image): JudgedImage => ({ image, ...judge(image) }));
  const evidence = judged.map(({ image, reason, state }) => imageEvidence(image, reason, state));
  const named = (wanted: EvidenceState): readonly string[] =>
    judged.filter(({ state }) => state === wanted).map(({ image }) => image.text);
  const [loose, open] = [named('loose'), named('open')];
  if (loose.length > 0) return fail(`${words.short} ${listed(loose)}`, evidence, { source });
  if (open.length > 0)
    return unknown(
      `not constant: ${listed(open)}`,
      'scoville build --build-arg NAME=VALUE',
      evidence,
      source,
    );
  return pass(`${quantity(value.length, 'image')} ${words.met}`, evidence, { source });
}
