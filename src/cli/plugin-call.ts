import { shellWord } from '../model/dockerfile.ts';

/** The word after which a plugin's file passes on how Docker called it. */
export const PLUGIN_WORD = 'docker-cli-plugin';
export const METADATA_WORD = 'docker-cli-plugin-metadata';

/**
 * Our two plugins. Of `docker scoville prune` and `docker builder prune` one is for us and the
 * other for buildx. Docker gives a plugin only its own name, so the builder has another one.
 */
export const PLUGINS = { command: 'scoville', builder: 'scovillebuilder' } as const;
export type PluginName = (typeof PLUGINS)[keyof typeof PLUGINS];

const MARK = '# Written by `scoville install`; `scoville uninstall` takes it away.';
const UNDO = '# undo: ';

export interface Undo {
  /** The user had no config.json. */
  readonly isMade?: boolean;
  /** The text of `aliases.builder` before. */
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
  /** `--config`. */
  readonly configDir: string | undefined;
  /** `--context`. */
  readonly contextName: string | undefined;
  /** Whether `--host` was given: the context is `default` then. */
  readonly namesHost: boolean;
  /** `undefined` where Docker asks for something else than to run (`__complete`). */
  readonly name: string | undefined;
  readonly words: readonly string[];
}

/** docker/cli, cli/flags/options.go: the flags before any command. */
const VALUE_FLAGS: Readonly<Record<string, string>> = {
  c: 'context',
  H: 'host',
  l: 'log-level',
};
const LONG_VALUE_FLAGS = new Set(
  'config context host log-level tlscacert tlscert tlskey'.split(' '),
);
const BOOL_FLAGS = new Set('debug tls tlsverify'.split(' '));

interface GlobalFlag {
  readonly words: readonly string[];
  readonly name: string;
  readonly value: string;
}

export function readDockerCall(words: readonly string[], names: readonly string[]): DockerCall {
  const before = leadingGlobals(words);
  const name = words[before.length];
  const isNamed = name !== undefined && names.includes(name);
  const rest = words.slice(before.length + (isNamed ? 1 : 0));
  // A plugin of Docker's own takes them behind its name too.
  const behind = isNamed ? leadingGlobals(rest) : { flags: [], length: 0 };
  const flags = [...before.flags, ...behind.flags];
  const last = (of: string): string | undefined => flags.findLast((f) => f.name === of)?.value;
  return {
    globals: flags.flatMap((flag) => flag.words),
    configDir: last('config'),
    contextName: last('context'),
    namesHost: last('host') !== undefined,
    name: isNamed ? name : undefined,
    words: rest.slice(behind.length),
  };
}

function leadingGlobals(words: readonly string[]): {
  readonly flags: readonly GlobalFlag[];
  readonly length: number;
} {
  const flags: GlobalFlag[] = [];
  let length = 0;
  for (;;) {
    const flag = globalFlag(words[length] ?? '', words[length + 1]);
    if (flag === undefined) return { flags, length };
    flags.push(flag);
    length += flag.words.length;
  }
}

function globalFlag(word: string, next: string | undefined): GlobalFlag | undefined {
  const long = /^--([a-z-]+)(?:=(.*))?$/s.exec(word);
  if (long !== null) return longFlag(word, long[1] ?? '', long[2], next);
  const short = /^-(D*)(?:([cHl])=?(.*))?$/s.exec(word);
  if (short === null || word === '-') return undefined;
  const [, , letter, joined = ''] = short;
  if (letter === undefined) return { words: [word], name: 'debug', value: 'true' };
  return valued(word, VALUE_FLAGS[letter] ?? '', joined === '' ? undefined : joined, next);
}

function longFlag(
  word: string,
  name: string,
  value: string | undefined,
  next: string | undefined,
): GlobalFlag | undefined {
  if (BOOL_FLAGS.has(name)) return { words: [word], name, value: value ?? 'true' };
  return LONG_VALUE_FLAGS.has(name) ? valued(word, name, value, next) : undefined;
}

function valued(
  word: string,
  name: string,
  joined: string | undefined,
  next: string | undefined,
): GlobalFlag | undefined {
  if (joined !== undefined) return { words: [word], name, value: joined };
  return next === undefined ? undefined : { words: [word, next], name, value: next };
}

/**
 * What a call of the builder (`docker build`, `docker image build`, `docker builder X`, `docker
 * bake`) asks for: a build, with its arguments, or something that buildx does. `b` is buildx' short
 * name for `build`, and `--builder` may come first.
 */
export function readBuilderWords(
  words: readonly string[],
): { readonly kind: 'build'; readonly args: readonly string[] } | { readonly kind: 'buildx' } {
  const at = words[0] === '--builder' ? 2 : (words[0] ?? '').startsWith('--builder=') ? 1 : 0;
  const command = words[at];
  if (command !== 'build' && command !== 'b') return { kind: 'buildx' };
  return { kind: 'build', args: [...words.slice(0, at), ...words.slice(at + 1)] };
}

/**
 * The Docker context that a call is about, as docker/cli resolves it: `--context`, else `default`
 * where a host is named, else DOCKER_CONTEXT, else the one of config.json.
 */
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
