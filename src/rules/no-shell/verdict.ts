import type { FileFact, FilesystemFact } from '../../model/facts.ts';
import { fileName } from '../../model/path.ts';
import { quantity } from '../../model/quantity.ts';
import { SHELL_PROGRAMS } from '../../programs/kinds/shells.ts';
import { criterion } from '../shared/verdict/criterion.ts';
import { findPrograms, isProgram } from '../shared/verdict/find-programs.ts';
import { fail, fileEvidence, listed, note, pass } from '../shared/verdict/verdict.ts';

interface FoundShell {
  readonly file: FileFact;
  readonly reason: string;
}

/** Shells, and multi-call binaries that contain one, recognized by content under any name. */
function renamed(filesystem: FilesystemFact): FoundShell[] {
  return filesystem.executables.flatMap((file) => {
    const content = file.multicall ?? file.shell;
    const contains = content === undefined ? undefined : SHELL_PROGRAMS.get(content);
    return contains !== undefined && file.type !== 'symlink' && isProgram(file)
      ? [{ file, reason: `${contains.name} by its content: ${contains.reason}` }]
      : [];
  });
}

/** Counts a busybox binary once, not its hundreds of hard links, next to links with shell names. */
function withoutApplets(
  named: readonly FoundShell[],
  contained: readonly FoundShell[],
): FoundShell[] {
  const identity = ({ file: { multicall, size, path } }: FoundShell): string =>
    multicall === undefined ? path : `${multicall} ${size}`;
  const seen = new Set(named.filter(({ file }) => file.type !== 'symlink').map(identity));
  return contained.filter((one) => {
    const isNew = !seen.has(identity(one));
    seen.add(identity(one));
    return isNew;
  });
}

function shellsOf(filesystem: FilesystemFact): FoundShell[] {
  const named = findPrograms(filesystem, 'shells').map(({ file, entry }) => ({
    file,
    reason: entry.reason,
  }));
  return [...named, ...withoutApplets(named, renamed(filesystem))];
}

export const noShell = criterion({
  id: 'no-shell',
  title: 'No shell',
  vector: 'minimalism',
  level: 3,
  spec: '#no-shell',
  why: 'Most exploits end by starting a shell. Without one, an attacker can run only the programs of the image.',
  needs: ['filesystem'],
  decidedBy:
    'Any shell in the final filesystem fails, in any folder. A shell is found by name, ' +
    'versions and links included, where the file is an executable. A multi-call binary ' +
    '(busybox, toybox), bash, dash, zsh, mksh or ksh93 under another name is found by ' +
    'content. A dangling link, a document or a completion file is not a shell.',
  check: ({ filesystem }) => {
    const shells = shellsOf(filesystem);
    if (shells.length === 0)
      return pass('no shell', [
        note(`${filesystem.executables.length} executables checked, none is a shell`),
      ]);
    const names = shells.map(({ file }) => file.path);
    return fail(
      `${quantity(shells.length, 'shell')}: ${listed(names)}`,
      shells.map(({ file, reason }) => fileEvidence(file, `${fileName(file.path)}: ${reason}`)),
    );
  },
  fixable: true,
  remedies: [
    {
      title: 'Use a final stage without a shell',
      detail:
        'Copy what the application needs into a final stage from a distroless, Chainguard or scratch base; give ENTRYPOINT, ' +
        'CMD and HEALTHCHECK in exec form.',
      example: 'FROM gcr.io/distroless/static-debian12:nonroot',
    },
  ],
});
