import { shellWord } from '../../model/shell-word.ts';

/** The word behind which a plugin's file hands on how Docker called it. */
export const PLUGIN_WORD = 'docker-cli-plugin';
/** What Docker asks each plugin, on every call. */
export const METADATA_WORD = 'docker-cli-plugin-metadata';

/**
 * Our two plugins. Of `docker scoville prune` and `docker builder prune` one is for us and the
 * other for buildx, and Docker tells a plugin only its own name: so the builder has another one.
 */
export const PLUGINS = { command: 'scoville', builder: 'scovillebuilder' } as const;
export type PluginName = (typeof PLUGINS)[keyof typeof PLUGINS];

const MARK = '# Written by `scoville install`; `scoville uninstall` takes it away.';
const UNDO = '# undo: ';

/** What `scoville uninstall` puts back, kept in the plugin's file. */
export interface Undo {
  /** Folders that were not there, the innermost first. */
  readonly folders?: readonly string[];
  /** What config.json said of the builder before. */
  readonly config?: {
    readonly file: boolean;
    /** Its text where there was nothing in it but space. */
    readonly blank?: string;
    readonly aliases: boolean;
    /** The value's own text in the file. */
    readonly builder?: string;
  };
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
 * The plugin as a script for sh: it answers what Docker asks on every call by itself, without
 * waiting for Node.js, and else starts `start` (absolute paths). Where that is gone it says so and
 * fails: nothing is built unsigned behind anybody's back.
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
    return JSON.parse(undo.slice(UNDO.length)) as Undo;
  } catch {
    return undefined;
  }
}
