import { createHash } from 'node:crypto';
import type { Digest } from '../../model/digest.ts';
import { RULE_SET_VERSION } from '../../normalise/catalogue.ts';
import { valuesOf } from '../../plans/flags/flag-spec.ts';
import type { PipelineContext } from '../context.ts';
import { folderDigest } from '../contexts/folder-digest.ts';
import { readText } from '../read-text.ts';
import type { Build } from './states.ts';

type Made = Pick<Build, 'plan' | 'source' | 'images'>;

const LARGEST_IGNORE = 1024 * 1024;

/**
 * A digest of all that a build is made of, and of what came out. Undefined where a part of it is
 * not at hand, as a repository or a secret: a proof of such a build holds for once.
 */
export async function proofInputs(
  context: PipelineContext,
  { plan, source, images }: Made,
  digest: Digest,
): Promise<string | undefined> {
  const { invocation } = plan;
  const { directory, dockerfileText, dockerfilePath } = source;
  if (directory === undefined || dockerfileText === undefined) return undefined;
  // A secret is never kept, not even as a digest.
  if (valuesOf(invocation, 'secret').length > 0 || valuesOf(invocation, 'ssh').length > 0)
    return undefined;
  if (images.some((image) => image.digest === undefined && image.layers === undefined))
    return undefined;
  // `--build-arg NAME` takes its value from the environment.
  const env = valuesOf(invocation, 'build-arg').map((word) =>
    word.includes('=') ? null : (context.env[word] ?? null),
  );
  const folders = valuesOf(invocation, 'build-context').flatMap(folderOf);
  const trees = await Promise.all(
    [directory, ...folders].map((folder) => folderDigest(folder, context.cwd, context.signal)),
  );
  if (trees.includes(undefined)) return undefined;
  const parts = {
    digest,
    version: context.version,
    rules: RULE_SET_VERSION,
    mode: plan.settings.reproducible,
    dockerfile: dockerfileText,
    // Beside a Dockerfile that lies elsewhere, it is in no context.
    ignore: dockerfilePath === undefined ? null : await ignoreFile(dockerfilePath),
    pins: plan.sourcePolicy?.policy,
    images: images.map((image) => [image.name, image.digest ?? null, image.layers ?? null]),
    flags: invocation.flags,
    env,
    platforms: plan.platforms,
    epoch: plan.epoch,
    steady: plan.steady,
    trees,
  };
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

async function ignoreFile(dockerfile: string): Promise<string | null> {
  return (await readText(`${dockerfile}.dockerignore`, { largest: LARGEST_IGNORE })) ?? null;
}

/** The folder of a named context, none for an image. A URL is no folder and has no digest. */
function folderOf(named: string): readonly string[] {
  const value = named.slice(named.indexOf('=') + 1);
  if (value.startsWith('docker-image://')) return [];
  const layout = /^oci-layout:\/\/(.*?)(?::[\w.-]+)?(?:@[\w:]+)?$/s.exec(value)?.[1];
  return [layout ?? value];
}
