import { attestationFlag } from '../attest-plan.ts';
import type { BuildPaths } from '../build-plan.ts';
import { csvField } from './csv-fields.ts';
import { type BuildxFlag, type ParsedBuild, wordsOf } from './parse-build-args.ts';

/** Flags of the user that the pipeline answers itself, so that buildx must not. */
const ANSWERED_HERE = new Set(
  'output load push tag annotation quiet progress iidfile metadata-file'.split(' '),
);

/**
 * The arguments behind `docker` for the build itself: ours first, so that the user's win where the last one counts,
 * then the user's in their order. The result goes into an OCI layout directory, own layers uncompressed.
 */
export function buildxArguments(
  parsed: ParsedBuild,
  ours: {
    readonly paths: BuildPaths;
    readonly labels: Readonly<Record<string, string>>;
    readonly attestWords: readonly string[];
  },
): readonly string[] {
  const destination = csvField(`dest=${ours.paths.layout}`);
  return [
    'buildx',
    'build',
    `--output=type=oci,${destination},tar=false,compression=uncompressed`,
    `--metadata-file=${ours.paths.metadataFile}`,
    '--progress=rawjson',
    ...ours.attestWords,
    ...Object.entries(ours.labels).map(([key, value]) => `--label=${key}=${value}`),
    ...parsed.flags.filter((flag) => !isAnsweredHere(flag)).flatMap(wordsOf),
    ...positional(parsed.context),
  ];
}

/** Flags that would build anew what was built a moment ago. */
const NOT_AGAIN = new Set('no-cache no-cache-filter pull'.split(' '));

/** The arguments for outputs that are no image, made of what the build of the image has left in the cache. */
export function otherOutputArguments(
  parsed: ParsedBuild,
  outputs: readonly string[],
): readonly string[] {
  const isLeftOut = (flag: BuildxFlag): boolean =>
    flag.name !== undefined && (ANSWERED_HERE.has(flag.name) || NOT_AGAIN.has(flag.name));
  return [
    'buildx',
    'build',
    ...outputs.map((output) => `--output=${output}`),
    '--progress=rawjson',
    ...parsed.flags.filter((flag) => !isLeftOut(flag)).flatMap(wordsOf),
    ...positional(parsed.context),
  ];
}

/** The user's own command line without our flags, for a build that buildx does alone. */
export function passthroughArguments(parsed: ParsedBuild): readonly string[] {
  return ['buildx', 'build', ...parsed.flags.flatMap(wordsOf), ...positional(parsed.context)];
}

function isAnsweredHere(flag: BuildxFlag): boolean {
  if (flag.name === undefined) return false;
  return ANSWERED_HERE.has(flag.name) || attestationFlag(flag) !== undefined;
}

function positional(context: string): readonly string[] {
  return context.startsWith('-') && context !== '-' ? ['--', context] : [context];
}
