import { isRootUser } from '../../model/dockerfile.ts';
import type { BaseImage, FixInput, FixPlan, FixRule } from '../../model/fix-rule.ts';
import { runsAs } from '../../model/passwd.ts';
import { isQuiet, needsRoot } from '../shared/edit/program/needs-root.ts';
import { othersOn, purposeOf, PURPOSES } from '../shared/edit/program/purpose.ts';
import { checked, type Started, started } from '../shared/edit/program/started.ts';
import {
  type Doubt,
  linesBehind,
  NOTHING,
  proposed,
  refusedAt,
  riskOf,
} from '../shared/edit/proposal.ts';
import {
  baseOfImage,
  baseUnknown,
  fromOf,
  inImage,
  inStage,
  lastAsRoot,
  lastInImage,
  workingFolder,
} from '../shared/edit/stage-view.ts';
import { writtenFolders } from '../shared/edit/written-folders.ts';
import { type ServerUser, serverUser } from './server-user.ts';

/** The uid that distroless images give their unprivileged user. */
const OWN_UID = 65_532;

/** The base's user for apps: the one it starts as, or its only regular user, as node's `node`. */
function ownUser({
  passwd,
  config: { config },
}: BaseImage): { readonly name: string; readonly owner: string } | undefined {
  const [own = '', group] = config?.User?.split(':') ?? [];
  if (!isRootUser(own)) {
    const found = runsAs(own, passwd);
    const uid = found.kind === 'uid' ? found.uid : own;
    return { name: own, owner: group === undefined ? `${uid}` : `${uid}:${group}` };
  }
  const users = Object.entries(passwd ?? {})
    .map(([name, uid]) => ({ name, uid }))
    .filter(({ uid }) => uid >= 1000 && uid < 60_000)
    .sort((a, b) => a.uid - b.uid);
  const [only, another] = users;
  if (only === undefined || another !== undefined) return undefined;
  // A group of its own is not needed, and a numeric one is what Kubernetes asks for.
  return { name: only.name, owner: `${only.uid}:${only.uid}` };
}

/** Ports below 1024 that the image declares. */
function lowPorts(input: FixInput): readonly string[] {
  return inImage(input)
    .filter(({ keyword }) => keyword === 'EXPOSE')
    .flatMap(({ instruction }) => instruction.arguments)
    .map((word) => word.split('/')[0] ?? '')
    .filter((port) => /^\d+$/.test(port) && Number(port) < 1024);
}

function plan(input: FixInput): FixPlan {
  const { model, source } = input;
  const from = fromOf(input, model.target);
  const base = baseOfImage(input);
  const last = lastInImage(input, 'USER');
  const user = last?.instruction.arguments[0] ?? base?.config.config?.User ?? '';
  if (from === undefined || !isRootUser(user) || user.includes('$')) return NOTHING;
  const unknown = last === undefined ? baseUnknown(input) : undefined;
  if (unknown !== undefined) return refusedAt(from, unknown);
  const server = serverUser(input);
  if (server !== undefined) return asServer(input, server);
  const run = started(input);
  const root = rootCalls(input, run);
  if (root !== undefined) return refusedAt(from, root);
  if (othersOn(input, [model.target]))
    return refusedAt(from, 'other stages use it, and work as root');
  const at = lastAsRoot(input) ?? from;
  const named = base === undefined ? undefined : ownUser(base);
  const owner = named?.owner ?? `${OWN_UID}:${OWN_UID}`;
  const canRun =
    inStage(input, model.target).some(({ keyword }) => keyword === 'RUN') ||
    base?.has?.('bin/sh') === true;
  const folders = writtenFolders(input);
  const folder = workingFolder(input);
  const own = folder === '' || folder === '/' ? [] : [folder];
  const made = canRun ? [...own.filter((path) => !folders.includes(path)), ...folders] : [];
  if (folders.length > 0 && !canRun)
    return refusedAt(
      from,
      `the image does not have a shell to change the owner of ${folders.join(', ')}`,
    );
  const chown = [
    ...(made.length === 0 ? [] : [`mkdir -p ${made.join(' ')}`]),
    ...(made.length === 0 || own.length === 0 || folders.includes(folder)
      ? []
      : [`chown ${owner} ${own.join(' ')}`]),
    ...(folders.length === 0 ? [] : [`chown -R ${owner} ${folders.join(' ')}`]),
  ].join(' && ');
  const replaced = chown === '' && last !== undefined && last === at ? last : undefined;
  const lines = [...(chown === '' ? [] : [`RUN ${chown}`]), `USER ${owner}`];
  return proposed(at, {
    key: 'user',
    title: `Run as ${named === undefined ? `uid ${OWN_UID}` : `${named.name} (${owner})`}`,
    why: 'A process that escapes the container as root can become root on the host',
    ...riskOf(
      { risk: 'low', reason: 'what it starts needs no rights, and writes to no file' },
      doubtsOf(input, run, made),
    ),
    edits: [
      replaced === undefined
        ? linesBehind(source, at, lines)
        : { ...replaced.place(0, replaced.text.length), text: lines.join(source.eol) },
    ],
  });
}

/** What in the image has to run as root; undefined if nothing does, as far as it can be read. */
function rootCalls(input: FixInput, run: Started): string | undefined {
  for (const { called } of [run, checked(input)])
    for (const { name, by } of called) {
      const why = needsRoot(name);
      if (why !== undefined) return `it has to start as root: ${by} starts ${name}, which ${why}`;
    }
  // Scripts of this name often hand folders over and become another user.
  const unread = run.unread.find((reason) => /entry-?point/.test(reason));
  return unread === undefined ? undefined : `it may have to start as root: ${unread}`;
}

/** All that nothing shows of an image that runs as another user. */
function doubtsOf(input: FixInput, run: Started, made: readonly string[]): readonly Doubt[] {
  const purpose = purposeOf(input, run);
  const [unread] = run.unread;
  const writer = run.called.find(({ name }) => !isQuiet(name));
  const ports = lowPorts(input);
  const last = lastInImage(input, 'USER');
  const medium = [
    ...(unread === undefined || purpose === 'base' ? [] : [`it may need to be root: ${unread}`]),
    ...(made.length > 0
      ? [`it can write to ${made.join(', ')} and /tmp, and nowhere else`]
      : writer === undefined
        ? []
        : [`${writer.name} may write where only root may`]),
    ...(ports.length === 0
      ? []
      : [
          `port ${ports.join(', ')} is below 1024: Docker lets everybody listen there, other engines may not`,
        ]),
    ...(last === undefined ? [] : [`line ${last.line} says root`]),
    ...(input.analysis.installs.some(({ stage }) => input.imageStages.includes(stage))
      ? ['people may start what it installs, by another command']
      : []),
    ...(purpose === 'workplace' || purpose === 'builder' ? [PURPOSES[purpose]] : []),
  ].map((reason): Doubt => ({ risk: 'medium', reason }));
  return purpose === 'base' ? [{ risk: 'high', reason: PURPOSES.base }, ...medium] : medium;
}

/** Runs a server as the user that its entry point becomes, who already owns its folders. */
function asServer(input: FixInput, { base, name, uid }: ServerUser): FixPlan {
  const from = fromOf(input, input.model.target);
  if (from === undefined) return NOTHING;
  const at = lastAsRoot(input) ?? from;
  if (uid === undefined)
    return refusedAt(at, `the entry point of ${base} may need to start as root`);
  return proposed(at, {
    key: 'user',
    title: `Run as ${name} (uid ${uid})`,
    why: `The entry point of ${base} becomes this user where it starts as root. A process that escapes the container as root can become root on the host`,
    risk: 'medium',
    riskReason: 'the start no longer gives it the volumes that root owns',
    // Its group is what etc/passwd says, which is not always of the same number.
    edits: [linesBehind(input.source, at, [`USER ${uid}`])],
  });
}

export const nonrootEdit: FixRule = {
  id: 'nonroot-user',
  criterion: 'nonroot-user',
  needs: ['bases'],
  plan,
};
