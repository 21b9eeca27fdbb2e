import type { EvidenceState } from '../model/criterion.ts';
import type { SourceInstruction, Span } from '../model/dockerfile.ts';
import { NAME_THE_DOCKERFILE } from '../model/facts.ts';
import type { FixInput, FixPlan, FixRule } from '../model/fix.ts';
import { familiarReference, formatReference, withDefaultTag } from '../model/reference.ts';
import { criterion } from './criterion.ts';
import { NOTHING, proposed, refusedAt, together } from './edit-text.ts';
import { criterionRule, PIN } from './lint-rule.ts';
import {
  imageFindings,
  type ImagePlace,
  imagePlaces,
  type JudgeImage,
  judgeImages,
  type OutsideImage,
} from './outside-images.ts';

function reasonOf(image: OutsideImage): string {
  if (image.pinnedBy !== undefined) return `digest set by ${image.pinnedBy}`;
  return image.reference === undefined ? 'its name is not constant' : 'no digest';
}

function stateOf({ pinned, reference }: OutsideImage): EvidenceState {
  if (pinned) return 'held';
  return reference === undefined ? 'open' : 'loose';
}

const judgePin: JudgeImage = (image) => ({ state: stateOf(image), reason: reasonOf(image) });

export const pinnedImages = criterion({
  id: 'pinned-images',
  title: 'Images pinned to digests',
  vector: 'provenance',
  level: 3,
  spec: '#pin-images-to-digests',
  why: 'A tag can be moved to another image at any time. A digest always names the same bytes.',
  needs: ['build'],
  settle: NAME_THE_DOCKERFILE,
  decidedBy:
    'Every outside image reference (FROM, COPY --from, RUN --mount from, `# syntax`, build ' +
    'contexts) has a digest. It is in the Dockerfile, with ARG defaults and build arguments ' +
    'filled in, or in the lock that this build enforced. `scratch` and stage names need none.',
  check: ({ build }) =>
    judgeImages(build, judgePin, {
      none: 'no outside image to pin',
      short: 'no digest:',
      met: 'pinned',
    }),
  remedies: [
    {
      title: 'Pin each outside image to its digest',
      detail: 'Add the digest after the tag (scoville fix does it), or commit a scoville.lock.',
      example: 'FROM node:22-slim@sha256:...',
    },
  ],
});

export const pinnedImagesRule = criterionRule(pinnedImages, {
  bad: 'FROM debian:trixie-slim\n',
  good: `FROM debian:trixie-slim@${PIN}\n`,
  check: ({ model }) => imageFindings(model, judgePin),
});

/** The default of an ARG before the first FROM, if it alone decides the end of a reference. */
type ArgumentDefault =
  | {
      readonly ok: true;
      readonly name: string;
      readonly span: Span;
      readonly instruction: SourceInstruction;
    }
  | { readonly ok: false; readonly reason: string };

const WHOLE_TAIL = /\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))$/;

/** Uses of a variable, and declarations that hand it into a stage. */
function usesOf(name: string, text: string): number {
  return [...text.matchAll(new RegExp(`\\$(?:\\{${name}\\b|${name}\\b)`, 'g'))].length;
}

/**
 * Where a reference that ends with a variable can be given a digest: at the ARG's default, so that
 * another value given by `--build-arg` still counts. Says why not, where the default does not
 * decide, or decides more than this.
 */
function argumentDefault(
  written: string,
  { source }: FixInput,
  buildArgs: (name: string) => boolean,
): ArgumentDefault {
  const tail = WHOLE_TAIL.exec(written);
  const name = tail?.[1] ?? tail?.[2];
  if (name === undefined)
    return {
      ok: false,
      reason: `${written} does not end with an ARG: a digest after it would pin every value of the ARG`,
    };
  if (buildArgs(name)) return { ok: false, reason: `${name} is given by --build-arg` };
  const declarations = source.instructions.flatMap((instruction) =>
    instruction.keyword === 'ARG'
      ? instruction.words
          .filter(({ text }) => text === name || text.startsWith(`${name}=`))
          .map((word) => ({ instruction, word }))
      : [],
  );
  const [first, ...others] = declarations;
  if (first?.instruction.stage !== undefined || first === undefined)
    return { ok: false, reason: `${name} has no default before the first FROM` };
  if (others.length > 0) return { ok: false, reason: `${name} is declared more than once` };
  const outside = source.instructions.filter(
    ({ keyword, words }) =>
      keyword !== 'FROM' || words[0]?.text.replace(/^["']|["']$/g, '') !== written,
  );
  if (outside.some(({ start, end }) => usesOf(name, source.text.slice(start, end)) > 0))
    return { ok: false, reason: `${name} is used elsewhere too` };
  const value = first.word.text.slice(name.length + 1);
  const quote = /^(["']).*\1$/.test(value) ? 1 : 0;
  if (value.length <= 2 * quote) return { ok: false, reason: `${name} has no default` };
  const from = first.word.start + name.length + 1 + quote;
  const span = first.instruction.place(from, from + value.length - 2 * quote);
  return { ok: true, name, span, instruction: first.instruction };
}

const WHY =
  'A tag can point to a different image tomorrow; a digest cannot. The tag stays, for readers and for --refresh';

function pinned(place: ImagePlace, input: FixInput): FixPlan {
  const { reference } = place.image;
  if (reference === undefined) return refusedAt(place, `${place.text} cannot be read as an image`);
  const { digest: old, ...unpinned } = reference;
  if (old !== undefined && (!input.options.refresh || reference.tag === undefined)) return NOTHING;
  const tagged = withDefaultTag(unpinned);
  const name = familiarReference(tagged);
  const found = input.facts.digests.get(formatReference(tagged));
  if (found === undefined) return refusedAt(place, `the digest of ${name} is not known`);
  if (!found.ok) return refusedAt(place, `the digest of ${name} is not known: ${found.error}`);
  if (found.value === old) return NOTHING;
  const at = placeOf(place, old, input);
  if (!at.ok) return refusedAt(place, at.reason);
  const tag = reference.tag === undefined && !at.inDefault ? ':latest' : '';
  return proposed(place, {
    key: name,
    title: old === undefined ? `Pin ${name} to its digest` : `Refresh the digest of ${name}`,
    why: old === undefined ? WHY : 'The tag points to a newer image than the pinned digest',
    risk: old === undefined ? 'none' : 'low',
    riskReason:
      old === undefined
        ? 'same image as today'
        : 'another image of the same tag: what it brings may have changed',
    edits: [
      old === undefined
        ? { start: at.end, end: at.end, text: `${tag}@${found.value}` }
        : { start: at.end - old.length, end: at.end, text: found.value },
    ],
  });
}

type At =
  | { readonly ok: true; readonly end: number; readonly inDefault: boolean }
  | { readonly ok: false; readonly reason: string };

/** Where the reference ends: in its own place, or at the default of the ARG that it ends with. */
function placeOf(place: ImagePlace, old: string | undefined, input: FixInput): At {
  const { text, end } = place;
  // The digest itself may come from a variable.
  if (!text.includes('$') || (old !== undefined && text.endsWith(old)))
    return { ok: true, end, inDefault: false };
  const found = argumentDefault(text, input, (name) => input.givenArguments.includes(name));
  return found.ok ? { ok: true, end: found.span.end, inDefault: true } : found;
}

/** Two places that pin the same default are one edit of it. */
function distinct(plan: FixPlan): FixPlan {
  const seen = new Set<number>();
  return {
    ...plan,
    edits: plan.edits.filter(({ edits: [edit] }) => {
      if (edit === undefined || seen.has(edit.end)) return false;
      seen.add(edit.end);
      return true;
    }),
  };
}

export const pinImages: FixRule = {
  id: 'pin-images',
  title: 'Pin images to digests',
  criterion: 'pinned-images',
  needs: ['digests'],
  plan: (input) => distinct(together(imagePlaces(input).map((place) => pinned(place, input)))),
};
