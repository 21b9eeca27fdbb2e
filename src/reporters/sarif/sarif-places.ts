import { createHash } from 'node:crypto';
import type { CriterionResult, Evidence } from '../../model/criterion.ts';
import { parseReference } from '../../model/reference.ts';
import { shortened } from '../clean-text.ts';
import { evidenceText } from '../evidence-text.ts';

/** Base of addresses that are paths in the image, not in the repository. */
export const IMAGE_ROOT = 'IMAGE';

/** Where a result points: SARIF's physical and logical location, and the key of its fingerprint. */
export interface Place {
  readonly location: {
    readonly physicalLocation: {
      readonly artifactLocation: { readonly uri: string; readonly uriBaseId?: string };
      readonly region?: {
        readonly startLine: number;
        readonly endLine?: number;
        readonly snippet?: { readonly text: string };
      };
    };
    readonly logicalLocations?: readonly {
      readonly fullyQualifiedName: string;
      readonly kind: string;
    }[];
  };
  /** The same for the same finding in a later image: no line numbers, digests or versions. */
  readonly key: string;
  readonly text: string;
}

export interface PlaceContext {
  readonly image: string;
  readonly dockerfile: string;
}

const LONGEST_NAME = 500;

/** A relative URI reference (RFC 3986) out of a path from outside. */
export function uriOf(path: string): string {
  const parts = shortened(path, LONGEST_NAME)
    .split('/')
    .filter((part) => part !== '' && part !== '.' && part !== '..');
  return parts.map((part) => encodeURIComponent(part)).join('/') || 'image';
}

/** The image's name without tag and digest, which change from build to build. */
export function imagePath(image: string): string {
  const read = parseReference(image);
  return read.ok ? `${read.value.registry}/${read.value.repository}` : image;
}

/** What evidence is about: lines of the Dockerfile, a file of the image, or a part of it. */
interface Spot {
  readonly key: string;
  readonly lines?: readonly [start: number, end?: number, text?: string];
  readonly file?: string | undefined;
  readonly name?: string;
}

function spotOf(evidence: Evidence): Spot {
  switch (evidence.kind) {
    case 'dockerfile': {
      const { startLine, endLine, text } = evidence;
      const start = Math.max(1, startLine);
      return { key: `line ${text}`, lines: [start, Math.max(start, endLine), text] };
    }
    case 'image': {
      const { reference, line = 0 } = evidence;
      const key = `image ${imagePath(reference)}`;
      return line < 1 ? { key, name: reference } : { key, lines: [line] };
    }
    case 'file':
      return { key: `file ${evidence.path}`, file: evidence.path };
    case 'package':
      return { key: `package ${evidence.name}`, file: evidence.path, name: evidence.name };
    case 'vulnerability':
      return { key: `${evidence.id} ${evidence.package}`, name: evidence.package };
    case 'config':
      return { key: `config ${evidence.field}`, name: evidence.field };
    case 'attestation':
      return { key: evidence.predicateType, name: evidence.predicateType };
    case 'note':
      return WHOLE;
  }
}

const WHOLE: Spot = { key: 'image', name: 'image' };

function placeOf({ key, lines, file, name }: Spot, text: string, context: PlaceContext): Place {
  if (lines !== undefined) {
    const [startLine, endLine, line] = lines;
    const snippet = line === undefined ? {} : { snippet: { text: shortened(line, LONGEST_NAME) } };
    const region = { startLine, ...(endLine === undefined ? {} : { endLine }), ...snippet };
    const artifactLocation = { uri: uriOf(context.dockerfile) };
    return { location: { physicalLocation: { artifactLocation, region } }, key, text };
  }
  // Code scanning needs a physical location: for an image as a whole its name stands for one.
  const uri = uriOf(file ?? imagePath(context.image));
  const fullyQualifiedName = shortened(`${context.image}//${file ?? name ?? ''}`, LONGEST_NAME);
  const kind = file === undefined ? 'object' : 'resource';
  return {
    location: {
      physicalLocation: { artifactLocation: { uri, uriBaseId: IMAGE_ROOT } },
      logicalLocations: [{ fullyQualifiedName, kind }],
    },
    key,
    text,
  };
}

/** Where each piece is judged on its own, those that fail it; else all. */
function against(evidence: readonly Evidence[]): readonly Evidence[] {
  const loose = evidence.filter((one) => 'state' in one && one.state === 'loose');
  return loose.length === 0 ? evidence : loose;
}

/** Each place of a result once; if all evidence is notes, the first, or the image as a whole. */
export function placesOf(
  { evidence, outcome }: CriterionResult,
  context: PlaceContext,
): readonly Place[] {
  const shown = outcome === 'fail' ? against(evidence) : evidence;
  const places = shown.map((one) => placeOf(spotOf(one), evidenceText(one), context));
  const named = places.filter((_, index) => shown[index]?.kind !== 'note');
  // What could not be judged is one result, however much was checked.
  const wanted = outcome === 'unknown' || named.length === 0 ? places.slice(0, 1) : named;
  const list = wanted.length === 0 ? [placeOf(WHOLE, '', context)] : wanted;
  return [...new Map(list.map((place) => [place.key, place])).values()];
}

/** A name for this finding that stays from run to run. */
export function fingerprint(criterion: string, key: string): string {
  return createHash('sha256').update(`${criterion}\n${key}`).digest('hex').slice(0, 32);
}
