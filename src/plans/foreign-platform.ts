import type { DockerfileModel, Instruction } from '../model/dockerfile.ts';
import { stageChain } from '../model/stage-chain.ts';

/** A RUN that has to run on a platform, and which. */
interface ForeignRun {
  readonly platform: string;
  readonly line: number;
}

/**
 * The first RUN for a platform that the builder cannot run, of the platforms asked for; undefined
 * where there is none. A stage that names another platform (`FROM --platform=$BUILDPLATFORM`) runs
 * there, and copying needs nothing to run.
 * @param able the platforms that the builder names, `os/arch[/variant]`
 */
export function foreignRun(
  model: DockerfileModel,
  asked: readonly string[],
  able: readonly string[],
): ForeignRun | undefined {
  const here = new Set(able.map(plain));
  // The kernel of the one runs the programs of the other.
  if (here.has('linux/amd64')) here.add('linux/386');
  for (const platform of asked.map(plain)) {
    if (here.has(platform)) continue;
    const run = firstRunOn(model, platform);
    if (run !== undefined) return { platform, line: run.range.startLine };
  }
  return undefined;
}

/** The words of `--platform` that spell the default variant spell none. */
function plain(platform: string): string {
  return platform
    .toLowerCase()
    .replace(/^(linux\/arm64)\/v8$/, '$1')
    .replace(/^(linux\/amd64)\/v1$/, '$1')
    .replace(/^linux\/arm$/, 'linux/arm/v7');
}

function firstRunOn(model: DockerfileModel, platform: string): Instruction | undefined {
  for (const index of model.reached) {
    const named = stagePlatform(model, index);
    if (named !== undefined && plain(named) !== platform && !/TARGETPLATFORM/.test(named)) continue;
    const run = model.stages[index]?.instructions.find(({ keyword }) => keyword === 'RUN');
    if (run !== undefined) return run;
  }
  return undefined;
}

/** A stage that stands on another runs where that one does. */
function stagePlatform(model: DockerfileModel, index: number): string | undefined {
  return stageChain(model, index).findLast(({ platform }) => platform !== undefined)?.platform;
}
