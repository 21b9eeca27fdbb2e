import { ownValue } from '../lib/json.ts';
import { isRootUser, type Stage } from '../model/dockerfile.ts';
import { type FilesystemFact, runsAs } from '../model/facts.ts';
import type { BaseImage, FixInput, FixPlan, FixRule } from '../model/fix.ts';
import { configEvidence, criterion, fail, note, pass } from './criterion.ts';
import {
  baseName,
  baseOfImage,
  baseUnknown,
  type Doubt,
  fromOf,
  inImage,
  inStage,
  lastAsRoot,
  lastInImage,
  linesBehind,
  NOTHING,
  proposed,
  refusedAt,
  riskOf,
  workingFolder,
} from './edit-text.ts';
import { criterionRule, instructionsOf, type RuleCheck } from './lint-rule.ts';
import {
  isQuiet,
  needsRoot,
  othersOn,
  purposeOf,
  PURPOSES,
  writtenFolders,
} from './program-needs.ts';
import { checked, ENTRY_POINT, handsOn, type Started, started } from './started-programs.ts';

type Resolved =
  | { readonly kind: 'uid'; readonly uid: number; readonly how: string; readonly isNumber?: true }
  | { readonly kind: 'none'; readonly reason: string };

/** The uid that a run-time starts the container with, or why it has none, in words. */
function resolveUser(user: string, passwd: FilesystemFact['passwd']): Resolved {
  const found = runsAs(user, passwd);
  if (found.kind === 'refused') return { kind: 'none', reason: found.reason };
  if (found.kind === 'missing') {
    const { name } = found;
    if (name === 'root') return { kind: 'uid', uid: 0, how: 'root is uid 0' };
    const reason =
      passwd === undefined
        ? `${name} is a name, and the image has no etc/passwd`
        : `${name} is not in the image’s etc/passwd`;
    return { kind: 'none', reason };
  }
  const { uid, by } = found;
  if (by === 'default') return { kind: 'uid', uid, how: 'no user is set, so it is root' };
  if (by === 'number') return { kind: 'uid', uid, how: 'a numeric uid', isNumber: true };
  return { kind: 'uid', uid, how: `${user.split(':')[0] ?? ''} is uid ${uid} in etc/passwd` };
}

export const nonrootUser = criterion({
  id: 'nonroot-user',
  title: 'User is non-root',
  vector: 'configuration',
  level: 2,
  spec: '#user-is-non-root',
  why: 'A process that runs as root in the container is root on the host if it escapes, and can change any file of the image.',
  needs: ['image', 'filesystem'],
  decidedBy:
    'The config’s `User` resolves to a uid other than 0, by number or by the image’s own `etc/passwd`. Empty, `0`, `0:1000`, `root`, a name whose uid is 0 and ' +
    'a name that the image does not define fail. A numeric uid is advised: Kubernetes’ `runAsNonRoot` cannot check a name.',
  check: ({ image, filesystem }) => {
    const user = image.config.config?.User ?? '';
    const resolved = resolveUser(user, filesystem.passwd);
    const evidence = [configEvidence('config.User', user)];
    if (resolved.kind === 'none') return fail(resolved.reason, evidence);
    const shown = [...evidence, note(resolved.how)];
    if (resolved.uid === 0)
      return fail(user === '' ? 'runs as root (no USER set)' : `${user} is root`, shown);
    return resolved.isNumber === true
      ? pass(`uid ${resolved.uid}`, shown)
      : pass(`${user}, uid ${resolved.uid} (a numeric USER is advised)`, shown);
  },
  fixable: true,
  remedies: [
    {
      title: 'Run as a numeric, unprivileged user',
      detail:
        'Set USER to a non-zero uid in the final stage, let it own the folders the app writes to, and listen on a port above 1023.',
      example: 'USER 65532:65532',
    },
  ],
});

/** Official images that set a user of their own. */
const OWN_USER = new Set(
  (
    'jetty kibana kong liquibase logstash memcached odoo open-liberty rocket.chat solr spark ' +
    'varnish websphere-liberty'
  ).split(' '),
);

/** Official images of which some versions set one. */
const MAY_HAVE_USER = new Set(
  'elasticsearch flyway groovy haproxy hitch irssi jenkins kapacitor neo4j rakudo-star sonarqube'.split(
    ' ',
  ),
);

/** Where official images are, and mirrors of them. */
const OFFICIAL = ['docker.io/library/', 'mirror.gcr.io/library/', 'public.ecr.aws/docker/library/'];

/** Whether the stage's base runs as root without a USER; undefined if unclear from its name. */
function baseIsRoot({ base }: Stage): boolean | undefined {
  if (base.kind === 'scratch') return true;
  if (base.kind !== 'image' || base.image.reference === undefined) return undefined;
  const { registry, repository, tag = '' } = base.image.reference;
  if (/non-?root|rootless|unprivileged/.test(`${repository}:${tag}`)) return false;
  if (registry === 'gcr.io' && repository.startsWith('distroless/')) return true;
  const official = OFFICIAL.find((one) => `${registry}/${repository}`.startsWith(one));
  if (official === undefined) return undefined;
  const name = `${registry}/${repository}`.slice(official.length);
  return MAY_HAVE_USER.has(name) ? undefined : !OWN_USER.has(name);
}

/** Bases that are published with an unprivileged user, and those without users. */
function bringsUser({ base }: Stage): boolean {
  if (base.kind !== 'image' || base.image.reference === undefined) return false;
  const { registry, repository } = base.image.reference;
  if (registry === 'cgr.dev' || registry === 'dhi.io') return true;
  return registry === 'mcr.microsoft.com' && /^windows/.test(repository);
}

/** The last USER of the image, and an image without one, by what is known of its base. */
const check: RuleCheck = ({ finalStages, left }) => {
  const last = instructionsOf(finalStages, 'USER').at(-1);
  if (last !== undefined) {
    const user = last.arguments[0] ?? '';
    const range = last.argumentRanges[0] ?? last.range;
    if (user.includes('$')) {
      const message = `${user} has no value here: without a build argument the image runs as root`;
      return [{ range, message, severity: 'info' }];
    }
    if (isRootUser(user)) return [{ range, message: `the image runs as ${user}` }];
    const found = runsAs(user, Object.fromEntries(left.users));
    if (found.kind === 'refused')
      return [{ range, message: `${found.reason}: the image does not start` }];
    if (found.kind === 'missing')
      return left.allUsers ? [{ range, message: `the image has no user ${found.name}` }] : [];
    return found.uid === 0 ? [{ range, message: `the image runs as ${user}, which is uid 0` }] : [];
  }
  const [first] = finalStages;
  const target = finalStages.at(-1);
  if (first === undefined || target === undefined || bringsUser(first)) return [];
  const isRoot = baseIsRoot(first);
  if (isRoot === false) return [];
  const message = isRoot
    ? 'no USER: the image runs as the user of its base, root'
    : 'no USER: the image runs as the user of its base, which is not known here';
  return [{ range: target.range, message, severity: isRoot === true ? 'warning' : 'info' }];
};

export const nonrootUserRule = criterionRule(nonrootUser, {
  bad: 'FROM alpine:3.22\nUSER root\n',
  good: 'FROM alpine:3.22\nUSER 65532:65532\n',
  check,
});

/**
 * Official images whose entry point starts as root, changes the owner of folders and becomes this
 * user; started as that user, it skips both.
 */
const SERVERS: Readonly<Record<string, string>> = {
  postgres: 'postgres',
  mysql: 'mysql',
  mariadb: 'mysql',
  mongo: 'mongodb',
  redis: 'redis',
  valkey: 'valkey',
  memcached: 'memcache',
  rabbitmq: 'rabbitmq',
};

interface ServerUser {
  readonly base: string;
  readonly name: string;
  /** Undefined where the base has no such user, or nothing is known of it. */
  readonly uid: number | undefined;
}

/** The user that the base's entry point becomes; undefined if containers start something else. */
function serverUser(input: FixInput): ServerUser | undefined {
  const base = baseOfImage(input);
  if (base === undefined) return undefined;
  if (lastInImage(input, 'ENTRYPOINT') !== undefined) return undefined;
  if (base.config.config?.Entrypoint?.some((word) => ENTRY_POINT.test(word)) !== true)
    return undefined;
  const known = baseName(input);
  if (base.config.config.Entrypoint.some((word) => handsOn(input, word))) return undefined;
  const name = ownValue(SERVERS, known) ?? '';
  return { base: known, name, uid: base.passwd?.[name] };
}

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

/** Doubts about running the image as another user. */
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
