import type { FixInput, FixPlan, FixRule } from '../../model/fix-rule.ts';
import { familiarReference, formatReference, withDefaultTag } from '../../model/reference.ts';
import { type ImagePlace, imagePlaces } from '../shared/edit/image-places.ts';
import { NOTHING, proposed, refusedAt, together } from '../shared/edit/proposal.ts';
import { argumentDefault } from './argument-default.ts';

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
  if (!found.ok) return refusedAt(place, `the digest of ${name}: ${found.error}`);
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
  // The digest itself may stand behind variables.
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
  criterion: 'pinned-images',
  needs: ['digests'],
  plan: (input) => distinct(together(imagePlaces(input).map((place) => pinned(place, input)))),
};
