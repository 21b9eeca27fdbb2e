import { BUILDX_FLAGS } from './buildx/buildx-flags.ts';
import type { FlagSpec } from './buildx/flag-spec.ts';
import { OWN_FLAGS } from './own-flags.ts';

/** The flags that help and completion show: those of buildx but hidden and experimental ones, and ours. */
export const SHOWN_BUILD_FLAGS: readonly FlagSpec[] = [...BUILDX_FLAGS, ...OWN_FLAGS].filter(
  (flag) => flag.hidden !== true && flag.experimental !== true,
);

/** The text of `scoville build --help`. */
export function buildHelp(): string {
  const own = SHOWN_BUILD_FLAGS.filter((flag) => OWN_FLAGS.includes(flag));
  const buildx = SHOWN_BUILD_FLAGS.filter((flag) => !OWN_FLAGS.includes(flag));
  return `Usage: scoville build [OPTIONS] PATH | URL | -

Builds as docker build does, reproducibly; then signs, attests and grades the image, and only then loads or pushes it.

Options of scoville (--no-NAME is the same as --NAME=false):
${rows(own)}

Options of docker buildx build, with their own meanings:
${rows(buildx)}

Any other option is handed on to buildx. Settings: .scoville.yaml (docs/configuration.md).
`;
}

/** A line for each flag. */
export function rows(flags: readonly FlagSpec[]): string {
  const heads = flags.map(head);
  const width = Math.max(...heads.map((text) => text.length)) + 2;
  return flags.map((flag, i) => `  ${(heads[i] ?? '').padEnd(width)}${helpOf(flag)}`).join('\n');
}

function head(flag: FlagSpec): string {
  const short = flag.short === undefined ? '    ' : `-${flag.short}, `;
  return `${short}--${flag.name}${valueText(flag)}`;
}

function valueText({ value, bare }: FlagSpec): string {
  if (value === undefined) return '';
  return bare === undefined ? ` ${value}` : value;
}

function helpOf({ help, choices }: FlagSpec): string {
  return choices === undefined ? help : `${help} (${choices.join(', ')})`;
}
