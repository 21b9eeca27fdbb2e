import { tracedLayers } from '../../difference/pair-layers.ts';
import { layerLines } from '../../dockerfile/layer-lines.ts';
import { listedFiles } from '../../facts/filesystem/path-list.ts';
import { UserError } from '../../model/errors.ts';
import { SEED } from '../../plans/reproduce/steady-inputs.ts';
import type { PipelineContext } from '../context.ts';
import type { FinalPlatform } from '../image-under-build.ts';
import type { Build } from './states.ts';

/** Reports of the normalizer that are about secrets. */
const KEYS = new Set(['private-keys', 'fresh-certificates']);
/** Found by its name alone, and never drawn. */
const GIT_DIRECTORY = 'git-directory';
/** Drawn at random by what installs or first starts them, and a secret whatever they say. */
const DRAWN =
  /(?:^|\/)(?:\.erlang\.cookie|releases\/COOKIE|random[-_]seed|\.rnd|prng_exch|ssh_host_[a-z0-9]+_key|machine-id)$/;
/** Names of keys in forms that no rule reads (bytes, base64, hex); not in usr/share or usr/lib. */
const NAMED =
  /^(?!usr\/(?:share|lib)\/)(?:.*\/)?(?:[^/]*\.(?:key|psk|secret|secrets|keytab|keyring|private|priv)|[^/]*[-_](?:secret|secret_key|private_key)|keyfile|tsig\.conf|sasl_passwd|\.k5\.[^/]+|wireguard\/[^/]+)$/i;
const SHOWN = 5;

/** True for a file that a seeded build may not write, whatever is in it: it fails closed. */
export function isSecretName(path: string): boolean {
  return DRAWN.test(path) || NAMED.test(path);
}

interface Place {
  readonly path: string;
  readonly what: string;
  readonly line: number | undefined;
}

/** True if RUNs draw seeded random numbers: by a setting, or a seed in Dockerfile or arguments. */
export function isSeeded({ plan, source }: Pick<Build, 'plan' | 'source'>): boolean {
  const { steady, invocation } = plan;
  const isGiven = invocation.flags.some(
    (one) => one.name === 'build-arg' && one.value.startsWith(SEED),
  );
  return steady?.seed !== undefined || isGiven || source.dockerfileText?.includes(SEED) === true;
}

/**
 * Throws UserError where a layer of a seeded build contains a key, a certificate that it made, a
 * hash of a password or another secret: who knows the seed, which is public, can make it too.
 */
export async function refusePredictable(
  context: PipelineContext,
  build: Build,
  platforms: readonly FinalPlatform[],
): Promise<void> {
  if (!isSeeded(build)) return;
  const places: Place[] = [];
  for (const platform of platforms) places.push(...(await secretPlaces(context, build, platform)));
  const [first] = places;
  if (first === undefined) return;
  const named = places
    .slice(0, SHOWN)
    .map(
      ({ path, what, line }) =>
        `${path} (${what}${line === undefined ? '' : `, Dockerfile line ${line}`})`,
    );
  const more = places.length > SHOWN ? `, and ${places.length - SHOWN} more` : '';
  throw new UserError(
    `predictable secrets: with seeded random numbers, anyone can make ${named.join(', ')}${more}`,
    {
      nextStep:
        'make them when the container starts or mount them, and remove them in the same RUN; or build without the seed',
    },
  );
}

async function secretPlaces(
  context: PipelineContext,
  { store, dockerfile }: Build,
  { manifest, config, baseLayers, reports }: FinalPlatform,
): Promise<readonly Place[]> {
  const layers = manifest.layers.flatMap((blob, i) => {
    const diffId = config.rootfs.diff_ids[i];
    return diffId === undefined ? [] : [{ blob, diffId }];
  });
  const made = tracedLayers(layers, config).map(({ createdBy }) => createdBy);
  const lines = dockerfile === undefined ? [] : layerLines(dockerfile, made);
  const own = layers.slice(baseLayers);
  const { inspectLayers } = await import('../layers/inspect-layers.ts');
  const { facts } = await inspectLayers(
    own,
    { openLayer: ({ digest }) => Promise.resolve(store.blobs.openRead(digest)) },
    { cache: context, signal: context.signal },
  );
  const lineOf = (digest: string): number | undefined =>
    lines[layers.findIndex(({ blob }) => blob.digest === digest)];
  const found = facts.flatMap((layer, i) => {
    const line = lines[baseLayers + i];
    const drawn = listedFiles(layer)
      .filter(isSecretName)
      .map((path) => ({ path, what: 'named as a secret', line }));
    const said = layer.secrets
      .filter(({ rule }) => rule !== GIT_DIRECTORY)
      .map(({ path, rule }) => ({ path, what: rule, line }));
    return withOthers(said, drawn);
  });
  const reported = reports
    .filter(({ rule }) => KEYS.has(rule))
    .map(({ path, rule, layer }) => ({ path, what: rule, line: lineOf(layer) }));
  return withOthers(found, reported);
}

/** The places, and those of the others that have another path. */
function withOthers(places: readonly Place[], others: readonly Place[]): readonly Place[] {
  return [...places, ...others.filter(({ path }) => !places.some((one) => one.path === path))];
}
