import type { BakeDefinition, BakeTarget } from '../../model/bake.ts';
import { type JsonObject, objectOf } from '../../model/json-value.ts';
import { lookup } from '../../model/lookup.ts';
import { err, ok, type Result } from '../../model/result.ts';
import { csvField } from '../flags/csv-fields.ts';

/** Attributes that become a flag of build each: text or texts, as they stand. */
const TEXTS = lookup<string>({
  annotations: 'annotation',
  'cgroup-parent': 'cgroup-parent',
  network: 'network',
  'no-cache-filter': 'no-cache-filter',
  'shm-size': 'shm-size',
  target: 'target',
  ulimits: 'ulimit',
  call: 'call',
});

/** Values in several parts: `type=registry,ref=...`, a text (buildx 0.13) or an object (later). */
const PARTS = lookup<string>({
  attest: 'attest',
  'cache-from': 'cache-from',
  'cache-to': 'cache-to',
  secret: 'secret',
});

/** Attributes that say nothing of how a target is built once it is resolved. */
const SPENT = new Set(['description', 'inherits', 'name', 'matrix']);
const READ_ELSEWHERE = new Set(
  'context contexts dockerfile dockerfile-inline args labels tags platforms output entitlements pull no-cache ssh extra-hosts'.split(
    ' ',
  ),
);

/**
 * Reads what `docker buildx bake --print` says. An attribute that is not known here is an error: it
 * may be one that restricts the build (a policy), and leaving it out would build another thing than
 * the definition asks for.
 */
export function parseBakeDefinition(text: string): Result<BakeDefinition> {
  let document: unknown;
  try {
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
  // buildx 0.13 names no group where the target is called `default`.
  const asked =
    groups['default'] === undefined ? ['default'] : textsOf(objectOf(groups['default'])['targets']);
  const wanted = expand(asked, groups, targets);
  return wanted.length === 0
    ? err('the definition does not name a target')
    : ok({ targets, wanted });
}

/** The files that bake and compose read by themselves. */
export const COMPOSE_FILES: readonly string[] = [
  'compose.yaml',
  'compose.yml',
  'docker-compose.yml',
  'docker-compose.yaml',
];

/** Sorts a compose file's services by name: buildx prints them in another order each time. */
export function inComposeOrder(definition: BakeDefinition): BakeDefinition {
  return { ...definition, wanted: definition.wanted.toSorted() };
}

/** Groups may hold groups; a name that is both is the target. */
function expand(
  names: readonly string[],
  groups: JsonObject,
  targets: ReadonlyMap<string, BakeTarget>,
): readonly string[] {
  const found = new Set<string>();
  const seen = new Set<string>();
  const visit = (name: string): void => {
    if (targets.has(name)) found.add(name);
    else if (!seen.has(name)) {
      seen.add(name);
      textsOf(objectOf(groups[name])['targets']).forEach(visit);
    }
  };
  names.forEach(visit);
  return [...found];
}

function readTarget(name: string, value: JsonObject): Result<BakeTarget> {
  const flags: string[] = [];
  for (const [key, item] of Object.entries(value)) {
    if (item === null || SPENT.has(key) || READ_ELSEWHERE.has(key)) continue;
    const plain = TEXTS[key];
    const parts = PARTS[key];
    if (plain !== undefined) flags.push(...textsOf(item).map((text) => `--${plain}=${text}`));
    else if (parts !== undefined) flags.push(...partsOf(item).map((text) => `--${parts}=${text}`));
    else return err(`target ${name} has ${JSON.stringify(key)}, which is not known here`);
  }
  const inline = value['dockerfile-inline'];
  return ok({
    name,
    context: textsOf(value['context'])[0] ?? '.',
    contexts: pairsOf(value['contexts']),
    dockerfile: textsOf(value['dockerfile'])[0] ?? 'Dockerfile',
    ...(typeof inline === 'string' ? { inline } : {}),
    platforms: textsOf(value['platforms']),
    tags: textsOf(value['tags']),
    entitlements: textsOf(value['entitlements']),
    ...(value['output'] === undefined ? {} : { outputs: partsOf(value['output']) }),
    flags: [
      ...pairFlags('build-arg', value['args']),
      ...pairFlags('label', value['labels']),
      ...flags,
      ...listOf(value['ssh']).map((item) => `--ssh=${sshOf(item)}`),
      ...hostsOf(value['extra-hosts']).map((host) => `--add-host=${csvField(host)}`),
      ...['pull', 'no-cache'].flatMap((key) => (value[key] === true ? [`--${key}=true`] : [])),
    ],
  });
}

function pairFlags(flag: string, value: unknown): readonly string[] {
  return Object.entries(pairsOf(value)).map(([key, text]) => `--${flag}=${key}=${text}`);
}

function hostsOf(value: unknown): readonly string[] {
  return Array.isArray(value)
    ? textsOf(value)
    : Object.entries(pairsOf(value)).flatMap(([host, list]) =>
        list.split(',').map((address) => `${host}:${address}`),
      );
}

/** `default`, `id=path,path`. */
function sshOf(item: unknown): string {
  if (typeof item === 'string') return item;
  const id = textsOf(objectOf(item)['id'])[0] ?? 'default';
  const paths = textsOf(objectOf(item)['paths']);
  return paths.length === 0 ? id : `${id}=${paths.join(',')}`;
}

/** `type` first, as people write it. */
function partsOf(value: unknown): readonly string[] {
  return listOf(value).flatMap((item) => {
    if (typeof item === 'string') return [item];
    const { type, ...rest } = objectOf(item);
    const fields = Object.entries({ ...(type === undefined ? {} : { type }), ...rest });
    const words = fields
      .filter((field): field is [string, string | number | boolean] =>
        ['string', 'number', 'boolean'].includes(typeof field[1]),
      )
      .map(([key, text]) => csvField(`${key}=${String(text)}`));
    return words.length === 0 ? [] : [words.join(',')];
  });
}

function pairsOf(value: unknown): Readonly<Record<string, string>> {
  const entries = Object.entries(objectOf(value));
  return Object.fromEntries(
    entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

function textsOf(value: unknown): readonly string[] {
  return listOf(value).filter((item) => typeof item === 'string' && item !== '') as string[];
}

function listOf(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? (value as unknown[]) : [value];
}
