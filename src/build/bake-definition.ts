import { realpath } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { err, ok, type Result, UserError } from '../lib/errors.ts';
import { given, type JsonObject, lookup, objectOf, textMapField } from '../lib/json.ts';
import { completed } from '../lib/run-result.ts';
import type { RunTool, ToolRun } from '../lib/run-tool.ts';
import { cleanText } from '../lib/text.ts';
import { toolVersion } from '../lib/tool-versions.ts';
import type { BakeDefinition, BakeTarget } from '../model/events.ts';
import { csvAttributes, csvField, IMAGE_TYPES } from './command-line.ts';
import { isAddress } from './shown-command.ts';

/** Attributes that become a flag of build each: texts, or objects of attributes (newer buildx). */
const FLAGS = lookup<string>({
  annotations: 'annotation',
  attest: 'attest',
  'cache-from': 'cache-from',
  'cache-to': 'cache-to',
  'cgroup-parent': 'cgroup-parent',
  network: 'network',
  'no-cache-filter': 'no-cache-filter',
  secret: 'secret',
  'shm-size': 'shm-size',
  target: 'target',
  ulimits: 'ulimit',
  call: 'call',
});

/** Attributes that say nothing of how a target is built once it is resolved. */
const SPENT = new Set(['description', 'inherits', 'name', 'matrix']);
const READ_ELSEWHERE = new Set(
  'context contexts dockerfile dockerfile-inline args labels tags platforms output entitlements pull no-cache ssh extra-hosts'.split(
    ' ',
  ),
);

/** Reads what `--print` says. An unknown attribute is an error: it may restrict the build. */
export function parseBakeDefinition(text: string): Result<BakeDefinition> {
  let document: unknown;
  try {
    // eslint-disable-next-line no-restricted-syntax -- what buildx printed on this machine
    document = JSON.parse(text);
  } catch {
    return err('buildx printed no definition');
  }
  const targets = new Map<string, BakeTarget>();
  for (const [name, value] of Object.entries(objectOf(objectOf(document)['target']))) {
    const target = readTarget(name, objectOf(value));
    if (!target.ok) return target;
    targets.set(name, target.value);
  }
  const groups = objectOf(objectOf(document)['group']);
  const found = new Set<string>();
  const seen = new Set<string>();
  // Groups may contain groups; a name that is both is the target.
  const visit = (name: string): void => {
    if (targets.has(name)) found.add(name);
    else if (!seen.has(name)) {
      seen.add(name);
      textsOf(objectOf(groups[name])['targets']).forEach(visit);
    }
  };
  // buildx 0.13 leaves the group out where the target is called `default`.
  const named = groups['default'];
  (named === undefined ? ['default'] : textsOf(objectOf(named)['targets'])).forEach(visit);
  return found.size === 0
    ? err('the definition does not name a target')
    : ok({ targets, wanted: [...found] });
}

export const COMPOSE_FILES: readonly string[] = [
  'compose.yaml',
  'compose.yml',
  'docker-compose.yml',
  'docker-compose.yaml',
];

function readTarget(name: string, value: JsonObject): Result<BakeTarget> {
  const flags: string[] = [];
  for (const [key, item] of Object.entries(value)) {
    if (item === null || SPENT.has(key) || READ_ELSEWHERE.has(key)) continue;
    const flag = FLAGS[key];
    if (flag === undefined)
      return err(`target ${name} has ${JSON.stringify(key)}, which is not known here`);
    flags.push(...partsOf(item).map((text) => `--${flag}=${text}`));
  }
  const inline = value['dockerfile-inline'];
  const pairs = (key: string): readonly [string, string][] =>
    Object.entries(textMapField(value, key));
  const listed = value['extra-hosts'];
  const hosts = Array.isArray(listed)
    ? textsOf(listed)
    : pairs('extra-hosts').flatMap(([host, list]) =>
        list.split(',').map((address) => `${host}:${address}`),
      );
  return ok({
    name,
    context: textsOf(value['context'])[0] ?? '.',
    contexts: textMapField(value, 'contexts'),
    dockerfile: textsOf(value['dockerfile'])[0] ?? 'Dockerfile',
    ...(typeof inline === 'string' ? { inline } : {}),
    platforms: textsOf(value['platforms']),
    tags: textsOf(value['tags']),
    entitlements: textsOf(value['entitlements']),
    ...(value['output'] === undefined ? {} : { outputs: partsOf(value['output']) }),
    flags: [
      ...pairs('args').map(([key, text]) => `--build-arg=${key}=${text}`),
      ...pairs('labels').map(([key, text]) => `--label=${key}=${text}`),
      ...flags,
      ...listOf(value['ssh']).map((item) => `--ssh=${sshOf(item)}`),
      ...hosts.map((host) => `--add-host=${csvField(host)}`),
      ...['pull', 'no-cache'].flatMap((key) => (value[key] === true ? [`--${key}=true`] : [])),
    ],
  });
}

function sshOf(item: unknown): string {
  if (typeof item === 'string') return item;
  const id = textsOf(objectOf(item)['id'])[0] ?? 'default';
  const paths = textsOf(objectOf(item)['paths']);
  return paths.length === 0 ? id : `${id}=${paths.join(',')}`;
}

function partsOf(value: unknown): readonly string[] {
  return listOf(value).flatMap((item) => {
    if (typeof item === 'string') return item === '' ? [] : [item];
    const { type, ...rest } = objectOf(item);
    const fields = Object.entries({ ...given({ type }), ...rest });
    const words = fields
      .filter((field): field is [string, string | number | boolean] =>
        ['string', 'number', 'boolean'].includes(typeof field[1]),
      )
      .map(([key, text]) => csvField(`${key}=${String(text)}`));
    return words.length === 0 ? [] : [words.join(',')];
  });
}

function textsOf(value: unknown): readonly string[] {
  return listOf(value).filter((item) => typeof item === 'string' && item !== '') as string[];
}

function listOf(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? (value as unknown[]) : [value];
}

export interface BakeJob {
  readonly id: string;
  readonly target: BakeTarget;
  /** Only for others to be built from: it goes nowhere, and is neither signed nor graded. */
  readonly isLink: boolean;
  readonly platforms: readonly string[];
  readonly links: readonly { readonly context: string; readonly job: string }[];
}

const TARGET_SCHEME = 'target:';

/** Builds of a bake, bases first. A linked one is built for all, if it serves all. */
export function bakeJobs({ targets, wanted }: BakeDefinition): Result<readonly BakeJob[]> {
  const jobs = new Map<string, BakeJob>();
  const open = new Set<string>();
  const add = (
    target: BakeTarget,
    isLink: boolean,
    platforms: readonly string[],
  ): Result<string> => {
    const id = isLink ? `${target.name} for ${platforms.join(',') || 'others'}` : target.name;
    if (jobs.has(id)) return ok(id);
    if (open.has(id)) return err(`target ${target.name} is built from itself`);
    open.add(id);
    const links: { context: string; job: string }[] = [];
    for (const [context, value] of Object.entries(target.contexts)) {
      if (!value.startsWith(TARGET_SCHEME)) continue;
      const name = value.slice(TARGET_SCHEME.length);
      const other = targets.get(name);
      if (other === undefined)
        return err(`target ${target.name} names ${value}, which does not exist`);
      const serves = wanted.includes(name) && makesImage(other) && has(other.platforms, platforms);
      const job = serves
        ? add(other, false, other.platforms)
        : add(other, true, other.platforms.length > 0 ? other.platforms : platforms);
      if (!job.ok) return job;
      links.push({ context, job: job.value });
    }
    jobs.set(id, { id, target, isLink, platforms, links });
    return ok(id);
  };
  for (const name of wanted) {
    const target = targets.get(name);
    if (target === undefined) continue;
    const added = add(target, false, target.platforms);
    if (!added.ok) return added;
  }
  return ok([...jobs.values()]);
}

function makesImage({ outputs }: BakeTarget): boolean {
  return (outputs ?? []).every((text) =>
    IMAGE_TYPES.includes(csvAttributes(text)?.get('type') ?? ''),
  );
}

/** Where the outputs of a bake go: folders are made there, and files may lie in them. */
export function outputFolders(jobs: readonly BakeJob[]): readonly string[] {
  return jobs
    .filter(({ isLink }) => !isLink)
    .flatMap(({ target }) => target.outputs ?? [])
    .map((text) => (text.includes('=') ? csvAttributes(text)?.get('dest') : text))
    .filter((dest): dest is string => dest !== undefined && dest !== '' && dest !== '-');
}

/** If none are named, both use the builder's own; an index is assumed to include that one. */
function has(platforms: readonly string[], needed: readonly string[]): boolean {
  return needed.every((platform) => platforms.includes(platform));
}

/** A job as words of `docker buildx build`; `contexts` has the address of each linked target. */
export function jobWords(
  { target, isLink, platforms }: BakeJob,
  contexts: ReadonlyMap<string, string>,
  pushes = false,
): readonly string[] {
  return [
    `--file=${dockerfileOf(target)}`,
    ...Object.entries(target.contexts).map(
      ([name, value]) => `--build-context=${name}=${contexts.get(name) ?? local(value)}`,
    ),
    ...target.flags,
    ...target.entitlements.map((text) => `--allow=${text}`),
    ...(platforms.length === 0 ? [] : [`--platform=${platforms.join(',')}`]),
    ...(isLink
      ? ['--sign=false', '--grade=false']
      : [
          ...target.tags.map((tag) => `--tag=${tag}`),
          ...(target.outputs ?? []).map((output) => `--output=${output}`),
          ...(pushes && makesImage(target) ? ['--push'] : []),
        ]),
    '--',
    local(target.context),
  ];
}

/** As build's `--file` names it: from here, where bake's is from the context. */
export function dockerfileOf({ context, dockerfile, inline }: BakeTarget): string {
  if (inline !== undefined) return '-';
  const folder = local(context);
  if (isAddress(folder) || isAddress(dockerfile) || dockerfile.startsWith('/')) return dockerfile;
  return folder === '.' ? dockerfile : `${folder.replace(/(?<!\/)\/+$/, '')}/${dockerfile}`;
}

/** `cwd://` says in a definition from elsewhere that a path is of this machine. */
function local(path: string): string {
  return path.replace(/^cwd:\/\//, '') || '.';
}

type Grant = readonly [kind: 'fs.read' | 'fs.write', path: string];

/**
 * What targets ask for and nobody granted, in the form of `--allow`: entitlements, and files
 * outside of `cwd` (docker/buildx, bake/entitlements.go) unless `files` is false. buildx checks
 * files from 0.20 on; with an older one a definition that somebody else wrote gets no more than
 * that either.
 */
export async function missingGrants(
  targets: readonly BakeTarget[],
  allow: readonly string[],
  { cwd, files }: { readonly cwd: string; readonly files: boolean },
): Promise<readonly string[]> {
  const asked = targets.flatMap(({ entitlements }) => entitlements);
  const missing = asked.filter((text) => !allow.includes(text));
  // Without paths it is the user's own agent.
  const forwardsAgent = ({ flags }: BakeTarget): boolean =>
    flags.some((flag) => /^--ssh=[^=]*$/.test(flag));
  if (files && !allow.includes('ssh') && targets.some(forwardsAgent)) missing.push('ssh');
  if (files)
    for (const [kind, path] of targets.flatMap(neededGrants))
      if (!(await isGranted(kind, path, allow, cwd))) missing.push(`${kind}=${path}`);
  return [...new Set(missing)];
}

/** The address that would get the job's own token (ACTIONS_RUNTIME_TOKEN) for GitHub's cache. */
export function tokenTaker(targets: readonly BakeTarget[]): string | undefined {
  for (const [, value = ''] of targets
    .flatMap(({ flags }) => flags)
    .map((flag) => /^--cache-(?:from|to)=(.*)$/s.exec(flag) ?? [])) {
    const attributes = csvAttributes(value);
    const address = attributes?.get('url_v2') ?? attributes?.get('url');
    if (attributes?.get('type') === 'gha' && !attributes.has('token') && address !== undefined)
      return address;
  }
  return undefined;
}

function neededGrants(target: BakeTarget): readonly Grant[] {
  const paths = [target.context, ...Object.values(target.contexts)]
    .map((text) => text.replace(/^cwd:\/\//, ''))
    .filter((text) => !isAddress(text) && !/^[a-z-]+:/.test(text));
  const file = dockerfileOf(target);
  const isFile = file !== '-' && !isAddress(file) && !isAddress(target.context);
  const inFlags = (name: RegExp, ...keys: readonly string[]): readonly string[] =>
    target.flags.flatMap((flag) => {
      const [, found = '', value = ''] = /^--([a-z-]+)=(.*)$/s.exec(flag) ?? [];
      const attributes = name.test(found) ? csvAttributes(value) : undefined;
      // `type=env` takes a variable, and a registry's `src` is none of this machine's.
      const isLocal = ['', 'file', 'local'].includes(attributes?.get('type') ?? '');
      return isLocal ? keys.flatMap((key) => attributes?.get(key) ?? []) : [];
    });
  const ssh = target.flags.flatMap(
    (flag) => /^--ssh=[^=]*=(.*)$/s.exec(flag)?.[1]?.split(',') ?? [],
  );
  const outputs = (target.outputs ?? []).map((text) => {
    const attributes = csvAttributes(text);
    return attributes === undefined ? text : (attributes.get('dest') ?? '');
  });
  const read = [
    ...paths,
    ...(isFile ? [file] : []),
    ...inFlags(/^(?:secret|cache-from)$/, 'src', 'source'),
    ...ssh,
  ];
  const written = [
    ...inFlags(/^cache-to$/, 'dest'),
    ...outputs.filter((dest) => !/^-?$/.test(dest)),
  ];
  return [
    ...read.map((path): Grant => ['fs.read', path]),
    ...written.map((path): Grant => ['fs.write', path]),
  ];
}

async function isGranted(
  kind: Grant[0],
  path: string,
  allow: readonly string[],
  cwd: string,
): Promise<boolean> {
  const granted = allow.flatMap((text) => {
    const [, name, where = ''] = /^(fs|fs\.read|fs\.write)=(.*)$/s.exec(text) ?? [];
    return name === 'fs' || name === kind ? [where] : [];
  });
  if (granted.includes('*')) return true;
  const real = await realOf(resolve(cwd, path));
  for (const root of [cwd, ...granted.map((where) => resolve(cwd, where))]) {
    const way = relative(await realOf(root), real);
    if (!(way === '..' || way.startsWith('../'))) return true;
  }
  return false;
}

/** Links followed as far as the path is there. */
async function realOf(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch {
    const folder = dirname(path);
    return folder === path ? path : join(await realOf(folder), basename(path));
  }
}

/** Asks buildx what a definition resolves to. Throws UserError with its words and exit code. */
export async function printBake(
  run: RunTool,
  words: readonly string[],
  more: Pick<ToolRun, 'cwd' | 'stdin' | 'signal'>,
): Promise<string> {
  let text = '';
  const result = await completed(run, 'buildx', {
    command: 'docker',
    args: ['buildx', 'bake', '--print', ...words],
    timeoutMs: RESOLVE_MS,
    endsAll: true,
    ...more,
    onStdout: (chunk) => {
      text += Buffer.from(chunk).toString('latin1');
      if (text.length > LARGEST) throw new UserError('the definition is larger than 16 MiB');
      return Promise.resolve();
    },
  });
  if (result.exitCode === 0) return Buffer.from(text, 'latin1').toString('utf8');
  // Without the plugin docker answers with its own help.
  await toolVersion(run, 'buildx');
  const said = cleanText(result.stderr)
    .replace(/^ERROR: /, '')
    .split('\n')
    .filter((line) => line.trim() !== '' && !/^#\d+ /.test(line))
    .join('\n');
  throw new UserError(said === '' ? 'the definition cannot be read' : said, {
    exitCode: result.exitCode,
  });
}

const LARGEST = 16 * 1024 * 1024;
/** A definition may come from a repository; aliases of YAML may unfold without end. */
const RESOLVE_MS = 60_000;
