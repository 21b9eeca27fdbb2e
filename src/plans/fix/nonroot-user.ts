import type { BaseImage, FixInput, FixPlan, FixRule } from '../../model/fix-rule.ts';
import { linesBehind, NOTHING, proposal, refusal } from './proposal.ts';
import { type ServerUser, serverUser } from './server-user.ts';
import {
  baseOfImage,
  baseUnknown,
  fromOf,
  inImage,
  inStage,
  isRootUser,
  lastAsRoot,
  lastInImage,
} from './stage-view.ts';
import { serverOf, workingFolder, writtenFolders } from './written-folders.ts';

/** The uid that distroless images give their unprivileged user. */
const OWN_UID = 65_532;

/** The base's own user for apps: one with a uid of people, as `node` of node's images. */
function ownUser({
  passwd,
}: BaseImage): { readonly name: string; readonly uid: number } | undefined {
  const users = Object.entries(passwd ?? {})
    .map(([name, uid]) => ({ name, uid }))
    .filter(({ uid }) => uid >= 1000 && uid < 60_000)
    .sort((a, b) => a.uid - b.uid);
  return users.length === 1 ? users[0] : undefined;
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
  if (unknown !== undefined) return { edits: [], refusals: [refusal(from, unknown)] };
  const server = serverUser(input);
  if (server !== undefined) return asServer(input, server);
  const starts = ['ENTRYPOINT', 'CMD'].flatMap((keyword) => lastInImage(input, keyword) ?? []);
  const dropping = starts.find(({ instruction }) =>
    /\b(?:gosu|su-exec|setpriv|runuser|sudo|su)\b|docker-entrypoint|\bsshd\b|\bcron\b|\bdockerd\b|\bsystemd\b/.test(
      instruction.rawArguments,
    ),
  );
  if (dropping !== undefined)
    return {
      edits: [],
      refusals: [
        refusal(
          dropping,
          `it may need to start as root: ${dropping.instruction.rawArguments.slice(0, 60)}`,
        ),
      ],
    };
  const at = lastAsRoot(input) ?? from;
  const named = base === undefined ? undefined : ownUser(base);
  const uid = named?.uid ?? OWN_UID;
  // A group of its own is not needed, and a numeric one is what Kubernetes asks for.
  const owner = `${uid}:${uid}`;
  const canRun =
    inStage(input, model.target).some(({ keyword }) => keyword === 'RUN') ||
    base?.has?.('bin/sh') === true;
  const folders = writtenFolders(input);
  const folder = workingFolder(input);
  const own = folder === '' || folder === '/' ? [] : [folder];
  const made = canRun ? [...own.filter((path) => !folders.includes(path)), ...folders] : [];
  if (folders.length > 0 && !canRun)
    return {
      edits: [],
      refusals: [
        refusal(from, `there is no shell to hand ${folders.join(', ')} over to another user`),
      ],
    };
  const chown = [
    ...(made.length === 0 ? [] : [`mkdir -p ${made.join(' ')}`]),
    ...(made.length === 0 || own.length === 0 || folders.includes(folder)
      ? []
      : [`chown ${owner} ${own.join(' ')}`]),
    ...(folders.length === 0 ? [] : [`chown -R ${owner} ${folders.join(' ')}`]),
  ].join(' && ');
  const ports = lowPorts(input);
  const known = serverOf(input);
  const replaced = chown === '' && last !== undefined && last === at ? last : undefined;
  const lines = [...(chown === '' ? [] : [`RUN ${chown}`]), `USER ${owner}`];
  return {
    edits: [
      proposal(at, {
        key: 'user',
        title: `Run as ${named === undefined ? `uid ${uid}` : `${named.name} (uid ${uid})`}`,
        why: 'Whoever breaks out of a process of root is root on the machine, or one step from it',
        risk: made.length > 0 || known !== undefined ? 'medium' : 'low',
        riskReason: [
          made.length === 0
            ? 'the app may write where only root may'
            : `it can write to ${made.join(', ')} and /tmp, and nowhere else`,
          ...(ports.length === 0
            ? []
            : [
                `port ${ports.join(', ')} is below 1024: Docker lets everybody listen there, other engines may not`,
              ]),
        ].join('; '),
        edits: [
          replaced === undefined
            ? linesBehind(source, at, lines)
            : { ...replaced.place(0, replaced.text.length), text: lines.join(source.eol) },
        ],
      }),
    ],
    refusals: [],
  };
}

/** The image of a server runs as the user that its entry point would become, who owns the server's folders already. */
function asServer(input: FixInput, { base, name, uid }: ServerUser): FixPlan {
  const from = fromOf(input, input.model.target);
  if (from === undefined) return NOTHING;
  const at = lastAsRoot(input) ?? from;
  if (uid === undefined)
    return {
      edits: [],
      refusals: [refusal(at, `the entry point of ${base} may need to start as root`)],
    };
  return {
    edits: [
      proposal(at, {
        key: 'user',
        title: `Run as ${name} (uid ${uid})`,
        why: `The entry point of ${base} becomes this user where it starts as root; whoever breaks out of a process of root is root on the machine`,
        risk: 'medium',
        riskReason: 'volumes that root owns are no longer handed over to it at the start',
        // Its group is what etc/passwd says, which is not always of the same number.
        edits: [linesBehind(input.source, at, [`USER ${uid}`])],
      }),
    ],
    refusals: [],
  };
}

/** The image runs as an unprivileged, numeric user. */
export const nonrootUser: FixRule = {
  id: 'nonroot-user',
  title: 'Run as an unprivileged user',
  help:
    'Adds a numeric `USER` behind the last instruction that needs root: the base’s own user where it has one (`node`, 1000), else 65532, which needs no entry in `/etc/passwd`. The working directory, volumes, folders ' +
    'that a `RUN mkdir` makes and those of known servers (nginx, Apache, redis, Tomcat) are handed over to it. Ports below 1024 are pointed out. On the official images of databases and caches (postgres, mysql, mariadb, mongo, redis, valkey, memcached, rabbitmq): the user that their entry point becomes. Left alone: other entry points that drop root themselves, and bases that could not be looked at.',
  criterion: 'nonroot-user',
  needs: ['bases'],
  plan,
};
