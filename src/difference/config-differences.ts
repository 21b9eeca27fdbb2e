import { isDeepStrictEqual } from 'node:util';
import type { ImageDifference } from '../model/difference.ts';
import type { ImageConfig, Manifest } from '../model/oci.ts';

export interface Documents {
  readonly manifest: Manifest;
  readonly config: ImageConfig;
}

type Found = Pick<ImageDifference, 'path' | 'kind' | 'detail' | 'class' | 'cause' | 'remedy'>;

const LONGEST = 120;
const MOST = 200;

/**
 * What the documents of two images say differently, field by field: of the config all but the
 * layers' diffIDs, of the manifest its annotations. Differences that follow from the layers are the
 * layers'.
 */
export function configDifferences(a: Documents, b: Documents): readonly Found[] {
  const fields = [
    ...changed('config', withoutLayers(a.config), withoutLayers(b.config)),
    ...changed('annotations', a.manifest.annotations ?? {}, b.manifest.annotations ?? {}),
  ];
  return fields.slice(0, MOST).map(({ path, before, after }) => ({
    path,
    kind: 'config',
    detail: `${shown(path, before)} and ${shown(path, after)}`,
    ...reasonOf(path),
  }));
}

function withoutLayers(config: ImageConfig): unknown {
  return { ...config, rootfs: undefined };
}

interface Change {
  readonly path: string;
  readonly before: unknown;
  readonly after: unknown;
}

function changed(path: string, before: unknown, after: unknown): readonly Change[] {
  if (isDeepStrictEqual(before, after)) return [];
  if (!isObject(before) || !isObject(after)) return [{ path, before, after }];
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return keys.flatMap((key) => changed(`${path}.${key}`, before[key], after[key]));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/** The value of a variable may be a secret; that it differs is enough. */
function shown(path: string, value: unknown): string {
  if (value === undefined) return 'nothing';
  if (path.startsWith('config.config.Env') || path.startsWith('config.history'))
    return `a value of ${JSON.stringify(value).length} characters`;
  const text = JSON.stringify(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

function reasonOf(path: string): Pick<Found, 'class' | 'cause' | 'remedy'> {
  if (/created$/.test(path))
    return {
      class: 'created',
      cause: 'the time of the build, or of the commit',
      remedy: 'SOURCE_DATE_EPOCH, or build the same commit',
    };
  if (path.startsWith('config.history'))
    return {
      class: 'instructions',
      cause: 'other instructions, or other build arguments in them',
      remedy: 'build with the same Dockerfile and arguments',
    };
  if (path.startsWith('annotations') || path.includes('.Labels'))
    return {
      class: 'annotations',
      cause: 'labels and annotations from git or the configuration',
      remedy: 'build the same commit with the same configuration',
    };
  return {
    class: 'configuration',
    cause: 'the Dockerfile, its arguments or the base image set it differently',
    remedy: undefined,
  };
}
