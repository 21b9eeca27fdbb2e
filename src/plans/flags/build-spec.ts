import { BUILDX_FLAGS } from './buildx-flags.ts';
import { type CommandSpec, shownFlags } from './command-spec.ts';
import { OWN } from './own-flags.ts';

export const BUILD: CommandSpec<typeof OWN> = {
  name: 'build',
  usage: ['build [OPTIONS] PATH | URL | -'],
  about: `
Builds as docker build does, reproducibly; then signs, attests and grades the image, and only then loads or pushes it.`,
  flags: OWN,
  titles: { 'dry-run': 'Options of scoville (--no-NAME is the same as --NAME=false):' },
  others: BUILDX_FLAGS,
  othersTitle: 'Options of docker buildx build, with their own meanings:',
  end: 'Any other option is passed to buildx. Settings: .scoville.yaml (docs/configuration.md).',
  operands: { folders: true },
};

/** The flags of a build that help and completion show. */
export const SHOWN_BUILD_FLAGS = shownFlags(BUILD);
