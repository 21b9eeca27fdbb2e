import { type Digest, isDigest, parseDigest } from '../../model/digest.ts';
import { field, isObject, listField, parseJson, textField } from '../../model/json-value.ts';
import { familiarReference, parseReference, withDefaultTag } from '../../model/reference.ts';
import type { RunTool } from '../../model/run.ts';
import { docker, engineError } from './docker.ts';

/** An image in the engine's store. */
export interface LocalImage {
  /** With the containerd store the digest of its index or manifest, else that of its config. */
  readonly id: Digest;
  readonly repoTags: readonly string[];
  readonly repoDigests: readonly string[];
  /** RFC 3339. */
  readonly created: string | undefined;
  readonly architecture: string;
  /** diffIDs of its layers, base first. */
  readonly layers: readonly Digest[];
}

/**
 * Looks up images in the engine's store in one call. Gives one entry for each reference, undefined
 * where the engine has no such image. Throws UserError where the engine does not answer.
 */
export async function inspectLocalImages(
  run: RunTool,
  refs: readonly string[],
  signal?: AbortSignal,
): Promise<readonly (LocalImage | undefined)[]> {
  if (refs.length === 0) return [];
  const result = await docker(run, ['image', 'inspect', '--format', '{{json .}}', ...refs], signal);
  if (result.exitCode !== 0 && !/no such image|invalid reference/i.test(result.stderr))
    throw engineError(result.stderr);
  const images = parseInspected(result.stdout);
  if (images.length === refs.length) return images;
  return refs.map((ref) => images.find((image) => isNamed(image, ref)));
}

/** Lets a name stand for an image that the engine has. Throws UserError where that fails. */
export async function tagImage(
  run: RunTool,
  id: Digest,
  name: string,
  signal: AbortSignal,
): Promise<void> {
  const args = ['tag', id, name];
  const result = await docker(run, args, signal);
  if (result.exitCode !== 0) throw engineError(result.stderr);
}

/** Reads one JSON object a line, as `docker image inspect --format '{{json .}}'` writes them. */
function parseInspected(stdout: string): readonly LocalImage[] {
  return stdout
    .split('\n')
    .map(parseJson)
    .flatMap((value) => {
      const id = parseDigest(textField(value, 'Id'));
      if (!isObject(value) || id === undefined) return [];
      return [
        {
          id,
          repoTags: listField(value, 'RepoTags').filter((tag) => typeof tag === 'string'),
          repoDigests: listField(value, 'RepoDigests').filter((name) => typeof name === 'string'),
          created: textField(value, 'Created'),
          architecture: textField(value, 'Architecture') ?? '',
          layers: listField(field(value, 'RootFS'), 'Layers').filter(isDigest),
        },
      ];
    });
}

function isNamed(image: LocalImage, ref: string): boolean {
  if (image.id === ref) return true;
  const parsed = parseReference(ref);
  if (!parsed.ok) return false;
  // Of a name with tag and digest, the engine keeps the digest.
  const { tag, digest, ...name } = parsed.value;
  const wanted = familiarReference(
    digest === undefined
      ? withDefaultTag({ ...name, ...(tag === undefined ? {} : { tag }) })
      : { ...name, digest },
  );
  return image.repoTags.includes(wanted) || image.repoDigests.includes(wanted);
}
