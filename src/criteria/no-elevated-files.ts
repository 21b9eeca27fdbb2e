import { posix } from 'node:path';
import { chmodOf } from '../dockerfile/left-behind.ts';
import { quantity } from '../lib/text.ts';
import { isRootUser, showsText, type SourceCommand } from '../model/dockerfile.ts';
import type { FileFact } from '../model/facts.ts';
import type { FixInput, FixPlan, FixRule } from '../model/fix.ts';
import { criterion, fail, fileEvidence, listed, note, pass } from './criterion.ts';
import {
  baseOfImage,
  baseUnknown,
  fromOf,
  inImage,
  lastAsRoot,
  linesBehind,
  NOTHING,
  outsideBase,
  proposed,
  refusedAt,
  riskOf,
  usersInImage,
} from './edit-text.ts';
import { criterionRule } from './lint-rule.ts';
import { needsBit, needsRoot, othersOn, purposeOf, PURPOSES } from './program-needs.ts';
import { checked, started } from './started-programs.ts';

const SETUID = 0o4000;
const SETGID = 0o2000;

/** What gives the user who runs the file more rights; empty without any. */
function elevation(file: FileFact): string[] {
  return [
    ...(file.mode & SETUID ? [`setuid, uid ${file.uid}`] : []),
    ...(file.mode & SETGID ? [`setgid, gid ${file.gid}`] : []),
    ...(file.capabilities ?? []),
  ];
}

export const noElevatedFiles = criterion({
  id: 'no-elevated-files',
  title: 'No files with elevated privileges',
  vector: 'configuration',
  level: 2,
  spec: '#no-files-with-elevated-privileges',
  why: 'A setuid file runs as its owner. Any user in the container who can start one may become root.',
  needs: ['filesystem'],
  decidedBy:
    'Regular files in the final filesystem with the setuid or setgid bit or with file ' +
    'capabilities (`security.capability`) fail, hard links included. Files that a later ' +
    'layer deletes or changes do not count, and neither do setgid directories.',
  check: ({ filesystem }) => {
    const elevated = [...filesystem.elevated].filter((file) => elevation(file).length > 0);
    if (elevated.length === 0)
      return pass('no setuid, setgid or capabilities', [
        note(`${quantity(filesystem.fileCount, 'file')} checked`),
      ]);
    return fail(
      `${quantity(elevated.length, 'file')}: ${listed(elevated.map(({ path }) => path))}`,
      elevated.map((file) => fileEvidence(file, elevation(file).join(', '))),
    );
  },
  remedies: [
    {
      title: 'Remove setuid and setgid bits',
      detail:
        'Clear the bits in the stage that adds the files, or use a base image that has none. Grant capabilities at run time instead.',
      example: 'RUN find / -xdev -perm /6000 -type f -exec chmod a-s {} +',
    },
  ],
});

export const noElevatedFilesRule = criterionRule(noElevatedFiles, {
  bad: 'FROM alpine:3.22\nCOPY helper /usr/bin/helper\nRUN chmod u+s /usr/bin/helper\n',
  good: 'FROM alpine:3.22\nCOPY helper /usr/bin/helper\nRUN chmod 0755 /usr/bin/helper\n',
  check: ({ left }) =>
    left.elevated.map(({ range, path, bits, open }) =>
      open === undefined
        ? { range, message: `${path} gets ${named(bits)}` }
        : { range, message: `${path} may get ${named(bits)}: ${open}`, severity: 'info' },
    ),
});

function named(bits: string): string {
  return bits === 'capabilities' ? bits : `the ${bits}`;
}

const COMMAND = 'find / -xdev -type f -perm /6000 -exec chmod a-s {} +';
/** Packages that bring programs which need their bit. */
const BRINGS_BIT =
  /^(?:sudo|doas|opendoas|fuse3?|cron|cronie|at|postfix|exim4\S*|sendmail|inetutils-ping|iputils(?:-ping)?|chromium(?:-browser)?|google-chrome-stable|policykit-1|polkitd|pkexec|dbus|dbus-daemon|screen|bubblewrap|firejail|uidmap|shadow-uidmap|wireshark|tshark|singularity\S*|apptainer|openssh-server|systemd|traceroute|nfs-common|cifs-utils|ntfs-3g|ecryptfs-utils|libcap2-bin)$/;
/** Programs of a base for logged-in users; an app does not need them. */
const FOR_LOGINS =
  /\/(?:su|passwd|mount|umount|chsh|chfn|newgrp|gpasswd|chage|expiry|wall|write|bsd-write|ssh-agent|ssh-keysign|vlock|userhelper|bbsuid)$/;
const INSTALLS =
  /\b(?:apt|apk|dnf|yum|microdnf|zypper)\b(?:(?!\b(?:apt|apk|dnf|yum|microdnf|zypper)\b)[^&|;])*\b(?:install|add)\b/;

/** True for `find / ... -exec chmod a-s`, and the same through a pipe. */
export function stripsBits(commands: readonly SourceCommand[]): boolean {
  const isSearched = commands.some(
    ({ argv: [program = '', ...words] }) =>
      posix.basename(program) === 'find' && (words[0] === '/' || words.includes('-perm')),
  );
  return (
    isSearched &&
    commands
      .flatMap(({ argv, started }) => [argv, ...started])
      .some((argv) => {
        const { sets = [], clears = [] } = chmodOf(argv)?.change ?? {};
        return sets.length === 0 && clears.includes('setuid');
      })
  );
}

/** True where a RUN removes the bits and no later step installs packages as root. */
function isStripped(input: FixInput): boolean {
  const runs = inImage(input).filter(({ keyword }) => keyword === 'RUN');
  const at = runs.findLastIndex(({ commands }) => stripsBits(commands));
  const users = usersInImage(input);
  const installs = runs
    .slice(at + 1)
    .filter((run) => isRootUser(users.get(run) ?? '') && showsText(run.instruction, INSTALLS));
  return at >= 0 && installs.length === 0;
}

function plan(input: FixInput): FixPlan {
  const { model, source } = input;
  const from = fromOf(input, model.target);
  if (from === undefined || isStripped(input)) return NOTHING;
  // Another rule put this one in, which fixes this too.
  if (outsideBase(input)?.text.startsWith(`${input.options.distroless}/`) === true) return NOTHING;
  const base = baseOfImage(input);
  const unknown = baseUnknown(input);
  if (unknown !== undefined) return refusedAt(from, unknown);
  const elevated = base?.elevated ?? [];
  if (base === undefined || elevated.length === 0) return NOTHING;
  const paths = elevated.map((path) => `/${path}`);
  const setter = input.left().elevated.find(({ bits }) => bits !== 'capabilities');
  const at = lastAsRoot(input);
  const user = [...usersInImage(input).values()].at(-1) ?? base.config.config?.User ?? '';
  const refused =
    (base.has?.('bin/sh') === false
      ? 'the image does not have a shell to remove the bits'
      : undefined) ??
    (base.has?.('usr/bin/find') === false && !base.has('bin/find')
      ? 'the image does not have find to search for them'
      : undefined) ??
    needsBitIn(input) ??
    (setter && `line ${setter.range.startLine} sets such a bit itself`) ??
    (at === undefined && isRootUser(user) ? 'who runs the build is not known' : undefined);
  if (refused !== undefined)
    return refusedAt(
      from,
      `${quantity(elevated.length, 'file of the base stays', 'files of the base stay')} setuid or setgid (${paths.slice(0, 3).join(', ')}): ${refused}`,
    );
  const edit =
    at === undefined
      ? linesBehind(source, from, ['USER root', `RUN ${COMMAND}`, `USER ${user}`])
      : linesBehind(source, at, [`RUN ${COMMAND}`]);
  return proposed(at ?? from, {
    key: 'files',
    title: 'Take setuid and setgid bits away',
    why: `With them anybody in the container becomes root where one has a flaw: ${listed(paths)}`,
    ...riskOf(
      'su, passwd, mount and the like no longer work for other users than root',
      doubtsOf(input, elevated, user),
    ),
    meets: ['no-elevated-files'],
    edits: [edit],
  });
}

/** What in the image needs such a bit, as far as it could be read; undefined for nothing. */
function needsBitIn(input: FixInput): string | undefined {
  for (const { called } of [started(input), checked(input)]) {
    const one = called.find(({ name }) => needsBit(name));
    if (one !== undefined) return `${one.by} starts ${one.name}`;
  }
  const { analysis, imageStages } = input;
  for (const { packages, stage, range } of analysis.installs) {
    const found = packages.find(({ name }) => BRINGS_BIT.test(name));
    if (found !== undefined && imageStages.includes(stage))
      return `line ${range.startLine} installs ${found.name}`;
  }
  const users = usersInImage(input);
  for (const run of inImage(input)) {
    if (run.keyword !== 'RUN' || isRootUser(users.get(run) ?? '')) continue;
    const called = run.commands.find(({ argv: [first = ''] }) => needsBit(posix.basename(first)));
    const sudo = showsText(run.instruction, /(?:^|[\s;&|(])(?:\/usr\/bin\/)?(?:sudo|su|doas)\s/);
    if (called !== undefined || sudo) return `line ${run.line} becomes another user`;
  }
  return undefined;
}

/** Doubts about an image without these bits. */
function doubtsOf(input: FixInput, elevated: readonly string[], user: string): readonly string[] {
  const purpose = purposeOf(input);
  const other = elevated.find((path) => !FOR_LOGINS.test(`/${path}`));
  const { called, unread } = started(input);
  const rooted = called.find(({ name }) => needsRoot(name) !== undefined);
  const asks = elevated.find((path) => /\/(?:sudo|doas)$/.test(path));
  return [
    ...(purpose === 'service' ? [] : [PURPOSES[purpose]]),
    // To root a bit of a file adds nothing; sudo looks for its own all the same.
    ...(isRootUser(user) || other === undefined ? [] : [`the program may need that of /${other}`]),
    ...(asks === undefined || unread.length === 0
      ? []
      : [`it may call /${asks}: ${unread[0] ?? ''}`]),
    ...(rooted === undefined
      ? []
      : [`${rooted.by} starts ${rooted.name}, and what other users start then is not known`]),
    // Scripts of this name often become another user.
    ...unread.filter((reason) => /entry-?point/.test(reason)).slice(0, 1),
    ...(othersOn(input, [input.model.target]) ? ['other stages use it'] : []),
  ];
}

export const elevatedFiles: FixRule = {
  id: 'elevated-files',
  title: 'Take setuid and setgid bits away',
  criterion: 'no-elevated-files',
  needs: ['bases'],
  plan,
};
