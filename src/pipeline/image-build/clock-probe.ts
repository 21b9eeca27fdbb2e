import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BuildxFlag } from '../../model/build-invocation.ts';
import { messageOf } from '../../model/errors.ts';
import { err, ok, type Result } from '../../model/result.ts';
import { flag } from '../../plans/build-invocation.ts';
import type { BuildPlan } from '../../plans/build-plan.ts';
import { valuesOf } from '../../plans/flags/flag-spec.ts';
import { CLOCK_CONTEXT } from '../../plans/hermetic/sent-dockerfile.ts';
import { clockProbe } from '../../plans/reproduce/inject-clock.ts';
import { SOURCE_POLICY_VARIABLE } from '../../plans/source-policy.ts';
import { runBuild } from '../../tools/buildx/buildx.ts';
import type { PipelineContext } from '../context.ts';
import type { Build } from './states.ts';

/**
 * What the `date` of each image says with the clock of `folder`, and with LD_PRELOAD where a value
 * is given, in their order; an error where not every image has one.
 */
export async function seenDays(
  context: PipelineContext,
  build: Build,
  folder: string,
  images: readonly string[],
  preload?: string,
): Promise<Result<readonly string[]>> {
  if (images.length === 0) return ok([]);
  const out = join(folder, 'days');
  const { exitCode, errorText } = await runBuild(context.run, {
    invocation: {
      outputs: [`type=local,dest=${out}`],
      flags: probeFlags(build, folder),
      context: '-',
      env: { ...build.plan.invocation.env, ...(await policyOf(build.plan, folder)) },
    },
    cwd: context.cwd,
    signal: context.signal,
    stdin: Buffer.from(clockProbe(images, preload)),
  });
  if (exitCode !== 0) return err(errorText.trim().split('\n').at(-1)?.slice(0, 300) ?? '');
  return ok(
    await Promise.all(
      images.map(async (_, i) =>
        (await readFile(join(out, String(i)), 'utf8').catch(messageOf)).trim(),
      ),
    ),
  );
}

/** The build context by which a clock comes in. */
export function clockContext(folder: string): BuildxFlag {
  return flag('build-context', `${CLOCK_CONTEXT}=${folder}`);
}

function probeFlags({ parsed, plan, engine }: Build, folder: string): readonly BuildxFlag[] {
  return [
    flag('no-cache', 'true'),
    ...(engine.name === undefined ? [] : [flag('builder', engine.name)]),
    ...plan.platforms.map((platform) => flag('platform', platform)),
    ...valuesOf(parsed, 'build-context').map((named) => flag('build-context', named)),
    clockContext(folder),
  ];
}

/** The pins of the build count here too; its own file is written only when it starts. */
async function policyOf(
  { sourcePolicy }: BuildPlan,
  folder: string,
): Promise<Readonly<Record<string, string>>> {
  if (sourcePolicy === undefined) return {};
  const file = join(folder, 'policy.json');
  await writeFile(file, JSON.stringify(sourcePolicy.policy));
  return { [SOURCE_POLICY_VARIABLE]: file };
}
