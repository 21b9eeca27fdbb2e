import type { BakeDefinition, BakeTarget } from '../../model/bake.ts';
import { err, ok, type Result } from '../../model/result.ts';
import { csvAttributes } from '../flags/csv-fields.ts';
import { IMAGE_TYPES } from '../flags/output-plan.ts';
import { isAddress } from '../source-url.ts';

/** One build of a bake. */
export interface BakeJob {
  readonly id: string;
  readonly target: BakeTarget;
  /** Only for others to be built from: it goes nowhere, and is neither signed nor graded. */
  readonly isLink: boolean;
  readonly platforms: readonly string[];
  /** Contexts that are other targets, and the jobs that build those. */
  readonly links: readonly { readonly context: string; readonly job: string }[];
}

const TARGET_SCHEME = 'target:';

/**
 * The builds that a bake comes to, each behind those it is built from. A target that others are
 * built from is built once where it was asked for, makes an image, and has their platforms; else
 * once more for them, out of the cache.
 */
export function bakeJobs({ targets, wanted }: BakeDefinition): Result<readonly BakeJob[]> {
  const jobs = new Map<string, BakeJob>();
  const open = new Set<string>();
  const add = (
    target: BakeTarget,
    isLink: boolean,
    platforms: readonly string[],
  ): Result<string> => {
    const id = isLink ? `${target.name} for ${platforms.join(',') || 'others'}` : target.name;
    if (jobs.has(id)) return ok(id);
    if (open.has(id)) return err(`target ${target.name} is built from itself`);
    open.add(id);
    const links: { context: string; job: string }[] = [];
    for (const [context, value] of Object.entries(target.contexts)) {
      if (!value.startsWith(TARGET_SCHEME)) continue;
      const name = value.slice(TARGET_SCHEME.length);
      const other = targets.get(name);
      if (other === undefined)
        return err(`target ${target.name} names ${value}, which does not exist`);
      const serves = wanted.includes(name) && makesImage(other) && has(other.platforms, platforms);
      const job = serves
        ? add(other, false, other.platforms)
        : add(other, true, other.platforms.length > 0 ? other.platforms : platforms);
      if (!job.ok) return job;
      links.push({ context, job: job.value });
    }
    jobs.set(id, { id, target, isLink, platforms, links });
    return ok(id);
  };
  for (const name of wanted) {
    const target = targets.get(name);
    if (target === undefined) continue;
    const added = add(target, false, target.platforms);
    if (!added.ok) return added;
  }
  return ok([...jobs.values()]);
}

function makesImage({ outputs }: BakeTarget): boolean {
  return (outputs ?? []).every((text) =>
    IMAGE_TYPES.includes(csvAttributes(text)?.get('type') ?? ''),
  );
}

/** Where the outputs of a bake go: folders are made there, and files may lie in them. */
export function outputFolders(jobs: readonly BakeJob[]): readonly string[] {
  return jobs
    .filter(({ isLink }) => !isLink)
    .flatMap(({ target }) => target.outputs ?? [])
    .map((text) => (text.includes('=') ? csvAttributes(text)?.get('dest') : text))
    .filter((dest): dest is string => dest !== undefined && dest !== '' && dest !== '-');
}

/** If none are named, both use the builder's own; an index is assumed to include that one. */
function has(platforms: readonly string[], needed: readonly string[]): boolean {
  return needed.every((platform) => platforms.includes(platform));
}

/**
 * The words of `docker buildx build` for a job; `contexts` says what stands for each linked target.
 * With `pushes`, `--push` of the whole bake, an image goes where a build with `--push` sends it: to
 * the registry, and not into Docker too.
 */
export function jobWords(
  { target, isLink, platforms }: BakeJob,
  contexts: ReadonlyMap<string, string>,
  pushes = false,
): readonly string[] {
  return [
    `--file=${dockerfileOf(target)}`,
    ...Object.entries(target.contexts).map(
      ([name, value]) => `--build-context=${name}=${contexts.get(name) ?? local(value)}`,
    ),
    ...target.flags,
    ...target.entitlements.map((text) => `--allow=${text}`),
    ...(platforms.length === 0 ? [] : [`--platform=${platforms.join(',')}`]),
    ...(isLink
      ? ['--sign=false', '--grade=false']
      : [
          ...target.tags.map((tag) => `--tag=${tag}`),
          ...(target.outputs ?? []).map((output) => `--output=${output}`),
          ...(pushes && makesImage(target) ? ['--push'] : []),
        ]),
    '--',
    local(target.context),
  ];
}

/** As build's `--file` names it: from here, where bake's is from the context. */
export function dockerfileOf({ context, dockerfile, inline }: BakeTarget): string {
  if (inline !== undefined) return '-';
  const folder = local(context);
  if (isAddress(folder) || isAddress(dockerfile) || dockerfile.startsWith('/')) return dockerfile;
  return folder === '.' ? dockerfile : `${folder.replace(/(?<!\/)\/+$/, '')}/${dockerfile}`;
}

/** `cwd://` says in a definition from elsewhere that a path is of this machine. */
function local(path: string): string {
  return path.replace(/^cwd:\/\//, '') || '.';
}
