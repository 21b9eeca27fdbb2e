import { createHash } from 'node:crypto';
import type { CriterionResult, Evidence } from '../../model/criterion.ts';
import { parseReference } from '../../model/reference.ts';
import { shortened } from '../clean-text.ts';
import { evidenceText } from '../evidence-text.ts';

/** Base of addresses that are paths in the image, not in the repository. */
export const IMAGE_ROOT = 'IMAGE';

interface LogicalLocation {
  readonly fullyQualifiedName: string;
  readonly kind: string;
}

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
    readonly logicalLocations?: readonly LogicalLocation[];
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

function logical(context: PlaceContext, path: string, kind: string): readonly LogicalLocation[] {
  return [{ fullyQualifiedName: shortened(`${context.image}//${path}`, LONGEST_NAME), kind }];
}

function inImage(context: PlaceContext, path: string, key: string, text: string): Place {
  const artifactLocation = { uri: uriOf(path), uriBaseId: IMAGE_ROOT };
  return {
    location: {
      physicalLocation: { artifactLocation },
      logicalLocations: logical(context, path, 'resource'),
    },
    key,
    text,
  };
}

/** The image as a whole. Code scanning needs a physical location: its name stands for one. */
function wholeImage(context: PlaceContext, name: string, key: string, text: string): Place {
  const artifactLocation = { uri: uriOf(imagePath(context.image)), uriBaseId: IMAGE_ROOT };
  return {
    location: {
      physicalLocation: { artifactLocation },
      logicalLocations: logical(context, name, 'object'),
    },
    key,
    text,
  };
}

function inDockerfile(
  context: PlaceContext,
  region: NonNullable<Place['location']['physicalLocation']['region']>,
  key: string,
  text: string,
): Place {
  const artifactLocation = { uri: uriOf(context.dockerfile) };
  return { location: { physicalLocation: { artifactLocation, region } }, key, text };
}

function ofLines(
  context: PlaceContext,
  { startLine, endLine, text: line }: Extract<Evidence, { kind: 'dockerfile' }>,
  text: string,
): Place {
  const start = Math.max(1, startLine);
  const snippet = { text: shortened(line, LONGEST_NAME) };
  const region = { startLine: start, endLine: Math.max(start, endLine), snippet };
  return inDockerfile(context, region, `line ${line}`, text);
}

/** An image that the build used: at the Dockerfile line that names it, if there is one. */
function ofImage(
  context: PlaceContext,
  { reference, line }: Extract<Evidence, { kind: 'image' }>,
  text: string,
): Place {
  const key = `image ${imagePath(reference)}`;
  return line === undefined || line < 1
    ? wholeImage(context, reference, key, text)
    : inDockerfile(context, { startLine: line }, key, text);
}

function placeOf(evidence: Evidence, context: PlaceContext): Place {
  const text = evidenceText(evidence);
  switch (evidence.kind) {
    case 'dockerfile':
      return ofLines(context, evidence, text);
    case 'file':
      return inImage(context, evidence.path, `file ${evidence.path}`, text);
    case 'package': {
      const key = `package ${evidence.name}`;
      return evidence.path === undefined
        ? wholeImage(context, evidence.name, key, text)
        : inImage(context, evidence.path, key, text);
    }
    case 'vulnerability':
      return wholeImage(context, evidence.package, `${evidence.id} ${evidence.package}`, text);
    case 'config':
      return wholeImage(context, evidence.field, `config ${evidence.field}`, text);
    case 'image':
      return ofImage(context, evidence, text);
    case 'attestation':
      return wholeImage(context, evidence.predicateType, evidence.predicateType, text);
    case 'note':
      return wholeImage(context, 'image', 'image', text);
  }
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
  const places = shown.map((one) => placeOf(one, context));
  const named = places.filter((_, index) => shown[index]?.kind !== 'note');
  // What could not be judged is one result, however much was checked.
  const wanted = outcome === 'unknown' || named.length === 0 ? places.slice(0, 1) : named;
  const list = wanted.length === 0 ? [wholeImage(context, 'image', 'image', '')] : wanted;
  return [...new Map(list.map((place) => [place.key, place])).values()];
}

/** A name for this finding that stays from run to run. */
export function fingerprint(criterion: string, key: string): string {
  return createHash('sha256').update(`${criterion}\n${key}`).digest('hex').slice(0, 32);
}
