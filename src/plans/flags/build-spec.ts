import { BUILDX_FLAGS } from './buildx-flags.ts';
import { type CommandSpec, shownFlags } from './command-spec.ts';
import { OWN } from './own-flags.ts';

export const BUILD: CommandSpec<typeof OWN> = {
  name: 'build',
  usage: ['build [OPTIONS] PATH | URL | -'],
  about: `
Builds as docker build does, reproducibly; then signs, attests and grades the image, and only then loads or pushes it.`,
  examples: [
    ['scoville build -t my-app .', 'like docker build'],
    ['scoville build --min-level 3 -t my-app .', 'publish nothing below level 3'],
    ['scoville build --push -t HOST/my-app .', 'push, with signature and attestations'],
    ['scoville build --dry-run .', 'show the plan and build nothing'],
  ],
  exits: [
    ['0', 'built, and the gate met'],
    ['1', 'judged, and below the gate; stderr says by what'],
    ['2', 'could not be judged or published, or a wrong flag or setting'],
    ['130', 'canceled'],
    ['other', 'the exit code of buildx, for a failed build'],
  ],
  flags: OWN,
  titles: { 'dry-run': 'Options of scoville (--no-NAME is the same as --NAME=false):' },
  others: BUILDX_FLAGS,
  othersTitle: 'Options of docker buildx build, with their own meanings:',
  end: 'Any other option is passed to buildx. Settings: .scoville.yaml (docs/configuration.md).',
  operands: { folders: true },
};

/** The flags of a build that help and completion show. */
export const SHOWN_BUILD_FLAGS = shownFlags(BUILD);
