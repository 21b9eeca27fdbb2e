import type { BuildPaths, BuildPlan } from '../build-plan.ts';

/** Where it is another hour and mostly another day, and where letters have another order and case: what asks the surroundings gets another answer. */
const ELSEWHERE = { TZ: 'Pacific/Kiritimati', LANG: 'tr_TR.UTF-8', LC_ALL: 'tr_TR.UTF-8' };

/**
 * The same build again for a comparison: no cache, another layout, another time zone and locale, and where it is given another folder as context. Pins,
 * epoch, labels and arguments stay, so that whatever differs comes out of the build itself.
 */
export function secondBuild(
  plan: BuildPlan,
  paths: BuildPaths,
  context: string | undefined,
): BuildPlan {
  const { argv, sourcePolicy } = plan;
  const words = argv
    .slice(2, -1)
    .map((word) =>
      word.replaceAll(plan.layout, paths.layout).replaceAll(plan.metadataFile, paths.metadataFile),
    );
  const policy =
    sourcePolicy === undefined ? undefined : { ...sourcePolicy, file: paths.sourcePolicyFile };
  return {
    ...plan,
    argv: [...argv.slice(0, 2), '--no-cache', ...words, context ?? argv.at(-1) ?? '.'],
    env: {
      ...ELSEWHERE,
      ...Object.fromEntries(
        Object.entries(plan.env).map(([name, value]) => [
          name,
          sourcePolicy !== undefined && value === sourcePolicy.file
            ? paths.sourcePolicyFile
            : value,
        ]),
      ),
    },
    layout: paths.layout,
    metadataFile: paths.metadataFile,
    sourcePolicy: policy,
  };
}
