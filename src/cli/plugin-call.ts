import { given } from '../lib/json.ts';
import { shellWord } from '../model/dockerfile.ts';
import { type FlagSpec, flagTable, type Scanned, scanOne } from './flag-table.ts';

/** The word after which a plugin's file passes on how Docker called it. */
export const PLUGIN_WORD = 'docker-cli-plugin';
export const METADATA_WORD = 'docker-cli-plugin-metadata';

/** Two names: Docker gives a plugin only its own, and `docker builder prune` is not ours. */
export const PLUGINS = { command: 'scoville', builder: 'scovillebuilder' } as const;
export type PluginName = (typeof PLUGINS)[keyof typeof PLUGINS];

const MARK = '# Written by `scoville install`; `scoville uninstall` takes it away.';
const UNDO = '# undo: ';

export interface Undo {
  /** The user had no config.json. */
  readonly isMade?: boolean;
  readonly builder?: string;
}

/** The answer to Docker's `docker-cli-plugin-metadata` (docker/cli, cli-plugins/metadata). */
export function pluginMetadata(name: PluginName, version: string): string {
  return JSON.stringify({
    SchemaVersion: '0.1.0',
    Vendor: 'Scoville',
    Version: version,
    ...(name === PLUGINS.command
      ? { ShortDescription: 'Build images that are reproducible, signed, attested and graded' }
      : { ShortDescription: 'What docker build calls (scoville install)', Hidden: true }),
  });
}

/**
 * The plugin as a script for sh. It answers what Docker asks on every call without starting
 * Node.js, and else runs `start` (absolute paths). Where that is gone it says so and fails: nothing
 * is built unsigned without a word.
 */
export function pluginFile(
  name: PluginName,
  about: { readonly start: readonly string[]; readonly version: string; readonly undo: Undo },
): string {
  const words = about.start.map(shellWord);
  const gone =
    name === PLUGINS.builder
      ? `then again: scoville install --replace-build; or take "builder" out of "aliases" in Docker's config.json, and docker build is Docker's own again`
      : 'then again: scoville install; or remove this file';
  return `#!/bin/sh
${MARK}
${UNDO}${JSON.stringify(about.undo)}
if [ "$1" = ${METADATA_WORD} ]; then
  printf '%s\\n' '${pluginMetadata(name, about.version)}'
  exit 0
fi
for program in ${words.join(' ')}; do
  if [ ! -e "$program" ]; then
    echo "scoville: $program is gone; this plugin ($0) starts it" >&2
    echo ${shellWord(`  next: install scoville, ${gone}`)} >&2
    exit 2
  fi
done
exec ${words.join(' ')} ${PLUGIN_WORD} "$@"
`;
}

/** What is undone with a plugin's file; undefined where the file is none of ours. */
export function readUndo(text: string): Undo | undefined {
  const [, mark, undo = ''] = text.split('\n', 3);
  if (mark !== MARK || !undo.startsWith(UNDO)) return undefined;
  try {
    // eslint-disable-next-line no-restricted-syntax -- our own note in a script of ours
    return JSON.parse(undo.slice(UNDO.length)) as Undo;
  } catch {
    return undefined;
  }
}

/** How Docker called one of our plugins: `docker-NAME [global flags] NAME [global flags] words`. */
export interface DockerCall {
  /** Docker's global flags as they were written, for each `docker` that we start. */
  readonly globals: readonly string[];
  readonly configDir: string | undefined;
  readonly contextName: string | undefined;
  /** Whether `--host` was given: the context is `default` then. */
  readonly namesHost: boolean;
  /** `undefined` where Docker asks for something else than to run (`__complete`). */
  readonly name: string | undefined;
  readonly words: readonly string[];
}

/** docker/cli, cli/flags/options.go: the flags before any command. */
const GLOBALS: readonly FlagSpec[] = [
  ...'config context:c host:H log-level:l tlscacert tlscert tlskey'.split(' ').map((text) => {
    const [name = '', short] = text.split(':');
    return { name, kind: 'string' as const, help: '', ...given({ short }) };
  }),
  { name: 'debug', short: 'D', kind: 'bool', help: '' },
  ...['tls', 'tlsverify'].map((name) => ({ name, kind: 'bool' as const, help: '' })),
];
const GLOBAL_TABLE = flagTable(GLOBALS, []);

export function readDockerCall(words: readonly string[], names: readonly string[]): DockerCall {
  const before = leadingGlobals(words);
  const name = words[before.length];
  const isNamed = name !== undefined && names.includes(name);
  const rest = words.slice(before.length + (isNamed ? 1 : 0));
  // A plugin of Docker's own takes them behind its name too.
  const behind = leadingGlobals(isNamed ? rest : []);
  const flags = [...before.flags, ...behind.flags];
  const last = (of: string): string | undefined =>
    flags.findLast(({ spec }) => spec.name === of)?.value;
  return {
    globals: [...words.slice(0, before.length), ...rest.slice(0, behind.length)],
    configDir: last('config'),
    contextName: last('context'),
    namesHost: last('host') !== undefined,
    name: isNamed ? name : undefined,
    words: rest.slice(behind.length),
  };
}

/** How many of the words are Docker's global flags in front, and those flags. */
function leadingGlobals(words: readonly string[]) {
  const flags: Extract<Scanned, { kind: 'flag' }>[] = [];
  let length = 0;
  for (;;) {
    const step = scanOne(words[length] ?? '', words[length + 1], GLOBAL_TABLE);
    const found = step.ok ? step.value.found.filter((one) => one.kind === 'flag') : [];
    if (!step.ok || found.length < step.value.found.length) return { flags, length };
    flags.push(...found);
    length += step.value.taken;
  }
}

/** What a call of the builder (`docker build`, `docker bake`) is: a build, or for buildx. */
export function readBuilderWords(
  words: readonly string[],
): { readonly kind: 'build'; readonly args: readonly string[] } | { readonly kind: 'buildx' } {
  const at = words[0] === '--builder' ? 2 : (words[0] ?? '').startsWith('--builder=') ? 1 : 0;
  const command = words[at];
  if (command !== 'build' && command !== 'b') return { kind: 'buildx' };
  return { kind: 'build', args: [...words.slice(0, at), ...words.slice(at + 1)] };
}

/** The Docker context of a call, as docker/cli resolves it. */
export function contextOf(
  call: Pick<DockerCall, 'contextName' | 'namesHost'>,
  env: Readonly<Record<string, string | undefined>>,
  configured: string | undefined,
): string {
  const named = (text: string | undefined): string | undefined => (text === '' ? undefined : text);
  if (named(call.contextName) !== undefined) return call.contextName ?? '';
  if (call.namesHost || named(env['DOCKER_HOST']) !== undefined) return 'default';
  return named(env['DOCKER_CONTEXT']) ?? named(configured) ?? 'default';
}
