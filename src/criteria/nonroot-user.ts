import { isRootUser, type Stage } from '../model/dockerfile.ts';
import { type FilesystemFact, runsAs } from '../model/facts.ts';
import type { BaseImage, FixInput, FixPlan, FixRule, Risk } from '../model/fix.ts';
import { configEvidence, criterion, fail, note, pass } from './criterion.ts';
import {
  baseOfImage,
  baseUnknown,
  fromOf,
  inImage,
  inStage,
  lastAsRoot,
  lastInImage,
  linesBehind,
  NOTHING,
  proposed,
  refusedAt,
} from './edit-text.ts';
import { criterionRule, instructionsOf, type RuleCheck } from './lint-rule.ts';
import {
  databaseLines,
  needsRoot,
  othersOn,
  purposeOf,
  PURPOSES,
  readableAdds,
  writtenFolders,
} from './program-needs.ts';
import { workFolder } from './runtime-command.ts';
import { checked, started } from './started-programs.ts';

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

function plan(input: FixInput): FixPlan {
  const { model, source } = input;
  const from = fromOf(input, model.target);
  const base = baseOfImage(input);
  const last = lastInImage(input, 'USER');
  const user = last?.instruction.arguments[0] ?? base?.config.config?.User ?? '';
  if (from === undefined || !isRootUser(user) || user.includes('$')) return NOTHING;
  const folders = writtenFolders(input);
  const canRun =
    inStage(input, model.target).some(({ keyword }) => keyword === 'RUN') ||
    base?.has?.('bin/sh') === true;
  const refused =
    (last === undefined ? baseUnknown(input) : undefined) ??
    rootCalls(input) ??
    (othersOn(input, [model.target]) ? 'other stages use it, and work as root' : undefined) ??
    (folders.length > 0 && !canRun
      ? `the image does not have a shell to change the owner of ${folders.join(', ')}`
      : undefined);
  if (refused !== undefined) return refusedAt(from, refused);
  const at = lastAsRoot(input) ?? from;
  const named = base === undefined ? undefined : ownUser(base);
  const owner = named?.owner ?? `${OWN_UID}:${OWN_UID}`;
  const folder = workFolder(input);
  const isOwn = canRun && folder !== '/' && !/[\s$]/.test(folder) && !folders.includes(folder);
  const own = isOwn ? [folder] : [];
  const made = [...own, ...folders].join(' ');
  const databases = databaseLines(input, folder, owner);
  const chown = [
    ...(made === '' ? [] : [`mkdir -p ${made}`]),
    ...(isOwn ? [`chown ${owner} ${folder}`] : []),
    ...(folders.length === 0 ? [] : [`chown -R ${owner} ${folders.join(' ')}`]),
    ...(isOwn && databases.length > 0 ? [databases.map((line) => line.trim()).join(' ')] : []),
  ].join(' && ');
  const lines = [...(chown === '' ? [] : [`RUN ${chown}`]), `USER ${owner}`];
  return proposed(at, {
    key: 'user',
    title: `Run as ${named === undefined ? `uid ${OWN_UID}` : `${named.name} (${owner})`}`,
    why: 'A process that escapes the container as root can become root on the host',
    ...riskOfUser(input, [...own, ...folders]),
    edits: [
      ...readableAdds(input),
      chown === '' && last !== undefined && last === at
        ? { ...last.place(0, last.text.length), text: lines.join(source.eol) }
        : linesBehind(source, at, lines),
    ],
  });
}

/** What in the image has to run as root; undefined if nothing does, as far as it can be read. */
function rootCalls(input: FixInput): string | undefined {
  const { called, unread } = started(input);
  for (const { name, by } of [...called, ...checked(input).called]) {
    const why = needsRoot(name);
    if (why !== undefined) return `it has to start as root: ${by} starts ${name}, which ${why}`;
  }
  // Scripts of this name often hand folders over and become another user.
  const entry = unread.find((reason) => /entry-?point/.test(reason));
  return entry === undefined ? undefined : `it may have to start as root: ${entry}`;
}

/** No text shows that a program writes nowhere, so that it is medium at least. */
function riskOfUser(
  input: FixInput,
  made: readonly string[],
): { readonly risk: Risk; readonly riskReason: string } {
  const purpose = purposeOf(input);
  const [unread] = started(input).unread;
  const ports = inImage(input)
    .filter(({ keyword }) => keyword === 'EXPOSE')
    .flatMap(({ instruction }) => instruction.arguments.map((word) => word.split('/')[0] ?? ''))
    .filter((port) => /^\d+$/.test(port) && Number(port) < 1024);
  const last = lastInImage(input, 'USER');
  const reasons = [
    ...(purpose === 'service' ? [] : [PURPOSES[purpose]]),
    ...(unread === undefined || purpose === 'base' ? [] : [`it may need to be root: ${unread}`]),
    made.length > 0
      ? `it can write to ${made.join(', ')} and /tmp, and nowhere else`
      : 'it may write where only root may',
    ...(ports.length === 0
      ? []
      : [
          `port ${ports.join(', ')} is below 1024: Docker lets everybody listen there, other engines may not`,
        ]),
    ...(last === undefined ? [] : [`line ${last.line} says root`]),
  ];
  return { risk: purpose === 'base' ? 'high' : 'medium', riskReason: reasons.join('; ') };
}

export const nonrootEdit: FixRule = {
  id: 'nonroot-user',
  title: 'Run as an unprivileged user',
  criterion: 'nonroot-user',
  needs: ['bases', 'context'],
  plan,
};
