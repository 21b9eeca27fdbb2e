import type { InstalledVersion } from '../../model/fix-rule.ts';
import type { LockedPackages, LockFile } from '../../model/lock.ts';
import { err, ok, type Result } from '../../model/result.ts';
import { openStore } from '../../oci/layout/layout-store.ts';
import { parseBuildArgs } from '../../plans/flags/parse-build-args.ts';
import { presentPackages } from '../../plans/lock/lock-contents.ts';
import type { PipelineContext } from '../context.ts';
import { noStdin } from '../contexts/context-source.ts';
import type { FactsRequest } from '../grade/facts-request.ts';
import { packagesOfImage } from '../image-build/lock-packages.ts';
import { normaliseBuilt } from '../image-build/normalise-built.ts';
import { readBuild } from '../image-build/read-build.ts';
import { readExport } from '../image-build/read-export.ts';
import { runBuildKit } from '../image-build/run-buildkit.ts';

type Versions = Result<readonly InstalledVersion[]>;

/**
 * Packages that each stage really got, by its index: of the target from scoville.lock beside the
 * Dockerfile, of all from a build of each stage that installs something, where one is asked for.
 */
export async function fixVersions(
  context: PipelineContext,
  request: FactsRequest,
  lock: LockFile | undefined,
): Promise<ReadonlyMap<number, Versions>> {
  const { read, build } = request;
  const stages = [...new Set(read.analysis.installs.map(({ stage }) => stage))];
  const found = new Map<number, Versions>();
  if (!build) {
    const locked = lock?.packages.get('linux/amd64') ?? [...(lock?.packages.values() ?? [])][0];
    if (locked !== undefined && lock?.target === undefined)
      for (const index of read.imageStages) found.set(index, ok(versionsOf(locked)));
    return found;
  }
  for (const stage of stages) found.set(stage, await builtVersions(context, request, stage));
  return found;
}

/** The names of a lock, written as in a URL where they hold a blank. */
function versionsOf(locked: LockedPackages): readonly InstalledVersion[] {
  return [...locked].flatMap(([type, lines]) =>
    lines.flatMap((line) => {
      const [name = '', version = ''] = line.split(' ');
      return name.includes('%') ? [] : [{ type, name, version }];
    }),
  );
}

async function builtVersions(
  context: PipelineContext,
  { contextFolder, dockerfile, buildArgs, read, target }: FactsRequest,
  stage: number,
): Promise<Versions> {
  // BuildKit knows stages by name alone; the target is built as the user builds it.
  const name = stage === read.model.target ? target : read.model.stages[stage]?.name;
  if (name === undefined && stage !== read.model.target)
    return err(`stage ${stage} has no name (FROM ... AS NAME), so that it cannot be built alone`);
  const parsed = parseBuildArgs(
    [
      '--sign=false',
      ...(name === undefined ? [] : [`--target=${name}`]),
      `--file=${dockerfile}`,
      ...buildArgs.map((pair) => `--build-arg=${pair}`),
      contextFolder,
    ],
    context.env,
  );
  if (!parsed.ok) return err(parsed.error.message);
  if (parsed.value.kind === 'help') return err('no build');
  const store = await openStore(context.paths.store, context.now);
  const directory = await store.newBuild();
  try {
    const read = await readBuild(context, {
      parsed: parsed.value,
      stdin: noStdin(),
      store,
      directory,
    });
    if (read.kind === 'passthrough') return err(read.plan.reason);
    const build = { ...read, plan: { ...read.plan, hermetic: undefined } };
    const { exitCode } = await runBuildKit(context, build);
    if (exitCode !== 0) return err(`the build of stage ${stage} failed with ${exitCode}`);
    const exported = await readExport(build.plan.layout, store.blobs);
    const image = await normaliseBuilt(context, build, exported);
    const packages = await packagesOfImage(context, store.blobs, image, presentPackages);
    const [first] = packages.values();
    return first === undefined ? err('the stage does not contain an image') : ok(versionsOf(first));
  } finally {
    await directory.discard();
  }
}
