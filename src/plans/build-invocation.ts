import type { BuildInvocation, BuildxFlag } from '../model/build-invocation.ts';
import { attestationFlag } from './attest-plan.ts';
import type { BuildPaths } from './build-plan.ts';
import { csvField } from './flags/csv-fields.ts';
import type { ParsedBuild } from './flags/parse-build-args.ts';

/** Flags of the user that the pipeline answers itself, so that buildx must not. */
const ANSWERED_HERE = new Set(
  'output load push tag annotation quiet progress iidfile metadata-file'.split(' '),
);
/** Flags that would build again what was built a moment ago. */
export const NOT_AGAIN: ReadonlySet<string> = new Set('no-cache no-cache-filter pull'.split(' '));

/**
 * The build of the image: our flags first, so that the user's win where the last one counts, then
 * the user's in their order. The result goes into an OCI layout directory, own layers uncompressed.
 */
export function imageInvocation(
  parsed: ParsedBuild,
  ours: {
    readonly paths: BuildPaths;
    readonly labels: Readonly<Record<string, string>>;
    readonly attestFlags: readonly BuildxFlag[];
    readonly env: BuildInvocation['env'];
  },
): BuildInvocation {
  return {
    outputs: [layoutOutput(ours.paths.layout)],
    metadataFile: ours.paths.metadataFile,
    flags: [
      ...ours.attestFlags,
      ...Object.entries(ours.labels).map(([key, value]) => flag('label', `${key}=${value}`)),
      ...parsed.flags.filter((one) => !isAnsweredHere(one) && attestationFlag(one) === undefined),
    ],
    context: parsed.context,
    env: ours.env,
  };
}

/** Outputs that are not images, made of what the build of the image has left in the cache. */
export function otherOutputs(
  parsed: ParsedBuild,
  outputs: readonly string[],
  env: BuildInvocation['env'],
): BuildInvocation {
  const isLeftOut = (one: BuildxFlag): boolean =>
    isAnsweredHere(one) || NOT_AGAIN.has(one.name ?? '');
  return {
    outputs,
    flags: parsed.flags.filter((one) => !isLeftOut(one)),
    context: parsed.context,
    env,
  };
}

/** The value of `--output` for an OCI layout directory. Each attribute is `NAME=VALUE`. */
export function layoutOutput(
  directory: string,
  attributes: readonly string[] = ['compression=uncompressed'],
): string {
  return ['type=oci', `dest=${directory}`, 'tar=false', ...attributes].map(csvField).join(',');
}

export function flag(name: string, value: string): BuildxFlag {
  return { name, value };
}

/** The same with a flag more, behind the others: it counts where the last one does. */
export function withFlag(
  invocation: BuildInvocation,
  name: string,
  value: string,
): BuildInvocation {
  return { ...invocation, flags: [...invocation.flags, flag(name, value)] };
}

/** Folder of a `--build-context NAME=VALUE`; undefined for an image, layout, stage or address. */
export function namedContext(
  one: BuildxFlag,
): { readonly name: string; readonly path: string } | undefined {
  if (one.name !== 'build-context') return undefined;
  const [, name, path] = /^([^=]*)=(.*)$/s.exec(one.value) ?? [];
  if (name === undefined || path === undefined || path === '') return undefined;
  return /^(?:[a-z-]+:\/\/|target:|git@|github\.com\/)/.test(path) ? undefined : { name, path };
}

function isAnsweredHere({ name }: BuildxFlag): boolean {
  return name !== undefined && ANSWERED_HERE.has(name);
}
