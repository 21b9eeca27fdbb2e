import type { ProfileCheck, ProfileSummary } from '../model/made-profile.ts';
import { shellWord } from '../model/shell-word.ts';

/** What the default refuses already, for readers who look for it among what is gone. */
const REFUSED_ANYWAY = 'mount, bpf, keyctl, io_uring, userfaultfd, unshare';

/**
 * A written profile, as text for a person. If the image was built only for this and is gone,
 * `folder` is what it was built from. Ends with a line end.
 */
export function profileText(summary: ProfileSummary, folder?: string): string {
  const image = folder ?? summary.image;
  const { file, calls, ofDefault, gone, refused, exercises, startsProcesses } = summary;
  const word = shellWord(file);
  return `${[
    `${file}: ${calls} of the ${ofDefault} system calls that Docker allows by default (${summary.platform})`,
    `proven: ${image} answers under it (${summary.confinement}): ${exercises.join(', ') || 'it stays up'}`,
    '',
    'It can no longer',
    ...gone.map((right) => `  - ${right}`),
    '',
    `Docker’s default refuses already, and so does this: ${REFUSED_ANYWAY}.`,
    startsProcesses
      ? 'It starts processes, so the profile cannot refuse a shell.'
      : 'A process can still replace itself (execve): the engine needs that call to start it.',
    ...(refused.length === 0 ? [] : [`It tried, and the default refuses: ${refused.join(', ')}.`]),
    ...(exercises.length === 0
      ? ['Only its start was traced. Exercise it: --exercise FILE or --smoke CMD.']
      : []),
    '',
    `Run it:    docker run --security-opt seccomp=${word} ${folder === undefined ? shellWord(image) : 'IMAGE'}`,
    `Attach it: commit ${file}, set attest.seccomp to it in .scoville.yaml, then build`,
    `Check it:  scoville profile --check --out ${word} ${shellWord(image)}`,
  ].join('\n')}\n`;
}

/** What a check found, for a person. Ends with a line end. */
export function checkText({
  file,
  image,
  holds,
  forbidden,
  wider,
  madeFrom,
}: ProfileCheck): string {
  if (holds) return `${file} still fits: it allows all that ${image} calls\n`;
  const since =
    madeFrom === undefined
      ? ''
      : `, since the build it was made from (${madeFrom.image}, ${madeFrom.when})`;
  return `${[
    ...(forbidden.length === 0
      ? []
      : [
          `${image} makes calls that ${file} forbids${since}:`,
          ...forbidden.map((one) => `  - ${one}`),
        ]),
    ...(wider.length === 0
      ? []
      : [`${file} allows what Docker’s default forbids:`, ...wider.map((one) => `  - ${one}`)]),
    'Make it again without --check, and review the difference in git.',
  ].join('\n')}\n`;
}
