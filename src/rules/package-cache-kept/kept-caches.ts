import { runPrograms } from '../../dockerfile/run-programs.ts';
import type { PackageManager } from '../../model/build-analysis.ts';
import { type Instruction, showsText } from '../../model/dockerfile.ts';
import { MANAGERS } from '../../programs/managers.ts';

/** What a package manager leaves in the layer of a RUN. */
interface KeptCache {
  readonly manager: PackageManager;
  /** Indexes of the commands that leave it. */
  readonly commands: readonly number[];
}

/** Caches a RUN leaves in its layer, unless removed, under a mount, or switched off by an ENV. */
export function keptCaches(run: Instruction, image: readonly Instruction[]): readonly KeptCache[] {
  const programs = runPrograms(run);
  return MANAGERS.flatMap(({ id, programs: called, cache }) => {
    if (cache === undefined) return [];
    const { leaves, cleaned, folder, offBy } = cache;
    const found = programs.flatMap((one) =>
      called.test(one.program) && leaves(one) ? [one.at] : [],
    );
    const isKept =
      found.length > 0 &&
      !showsText(run, cleaned) &&
      !isMounted(run, folder) &&
      !isSet(offBy, image);
    return isKept ? [{ manager: id, commands: found }] : [];
  });
}

function isSet(name: string | undefined, image: readonly Instruction[]): boolean {
  return image.some(
    ({ keyword, arguments: words }) =>
      keyword === 'ENV' && words.some((word) => name !== undefined && word.startsWith(`${name}=`)),
  );
}

/** True if a cache or tmpfs is mounted over this folder: writes to it stay out of the layer. */
export function isMounted({ flags }: Instruction, folder: RegExp): boolean {
  return flags.some(
    ({ name, value }) =>
      name === 'mount' &&
      /(?:^|,)type=(?:cache|tmpfs)(?:,|$)/.test(value) &&
      value.split(',').some((option) => {
        const path = /^(?:target|dst|destination)=(.*)$/.exec(option)?.[1];
        return path !== undefined && folder.test(path.replace(/(?<!\/)\/+$/, ''));
      }),
  );
}
