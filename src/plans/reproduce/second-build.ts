import { flag, layoutOutput } from '../build-invocation.ts';
import type { BuildPaths, BuildPlan } from '../build-plan.ts';
import { SOURCE_POLICY_VARIABLE } from '../source-policy.ts';

/**
 * Another hour, usually another day, and another order and case of letters: what depends on the
 * environment changes.
 */
const ELSEWHERE = { TZ: 'Pacific/Kiritimati', LANG: 'tr_TR.UTF-8', LC_ALL: 'tr_TR.UTF-8' };

/** Buildx refuses a filter beside `--no-cache`. */
const CACHE_FLAGS = new Set(['no-cache', 'no-cache-filter']);

/**
 * The same build again for a comparison: no cache, another layout, another time zone and locale.
 * Pins, epoch, labels and arguments stay, so that whatever differs comes out of the build itself.
 */
export function secondBuild(plan: BuildPlan, paths: BuildPaths): BuildPlan {
  const { invocation, sourcePolicy } = plan;
  const { layout, metadataFile, sourcePolicyFile: file } = paths;
  return {
    ...plan,
    invocation: {
      outputs: [layoutOutput(layout)],
      metadataFile,
      // Of two the last one counts: `--no-cache=false` would compare the build with itself.
      flags: [
        flag('no-cache', 'true'),
        ...invocation.flags.filter(({ name }) => !CACHE_FLAGS.has(name ?? '')),
      ],
      context: invocation.context,
      env: {
        ...ELSEWHERE,
        ...invocation.env,
        ...(sourcePolicy === undefined ? {} : { [SOURCE_POLICY_VARIABLE]: file }),
      },
    },
    layout,
    metadataFile,
    sourcePolicy: sourcePolicy === undefined ? undefined : { ...sourcePolicy, file },
  };
}
