import { posix } from 'node:path';
import type { BuildContext } from '../model/dockerfile.ts';
import type { CodeReads, SecretRead } from '../model/fix.ts';
import { secretFileName, secretName } from '../model/secret-names.ts';

const CODE =
  /\.(?:py|[cm]?[jt]sx?|java|kts?|scala|groovy|go|rs|rb|php|cs|exs?|c|cc|cpp|properties|ya?ml)$/;
/** Folders that tools write into, and tests. */
const NOT_READ =
  /^(?:\..*|node_modules|vendor|target|build|dist|bin|obj|venv|migrations|tests?|__tests__|spec)$/;
const OF_TESTS = /(?:^test_|[._]test\.|[._]spec\.|Test\.\w+$|^docker-compose|^compose\.)/;
const MOST_NAMES = 3000;
const DEEPEST = 12;
const LONGEST = 256 * 1024;

const READS_ENVIRONMENT = /\benv(?:iron)?\b|getenv|LookupEnv|\bconfig\(/i;
const SETTINGS = /\.(?:properties|ya?ml)$/;
/** A name in quotes, as `process.env.NAME` or as `${NAME}` of a settings file. */
const NAMES = /(?:["'`]|process\.env\.|\$\{)([A-Z][A-Z0-9_]{2,63})\b/g;
const DATABASE = /["'`](?:sqlite:\/\/\/)?(\/[\w.-]+(?:\/[\w.-]+)+\.(?:db|sqlite3?))["'`]/g;

/** Several rules ask about one context. */
const READ = new WeakMap<BuildContext, CodeReads>();

/** What the code of a context names, as far as a bounded number of its files shows. */
export function codeReads(context: BuildContext | undefined): CodeReads {
  if (context === undefined) return { secrets: [], hasSqlite: false, dataFolders: [] };
  const known = READ.get(context) ?? readCode(context);
  READ.set(context, known);
  return known;
}

function readCode(context: BuildContext): CodeReads {
  const secrets = new Map<string, SecretRead>();
  const folders = new Set<string>();
  let hasSqlite = false;
  let left = MOST_NAMES;
  const visit = (folder: string, depth: number): void => {
    for (const name of (context.names(folder) ?? []).toSorted()) {
      const path = folder === '' ? name : `${folder}/${name}`;
      left -= 1;
      if (left < 0 || NOT_READ.test(name) || OF_TESTS.test(name)) continue;
      if (CODE.test(name)) read(path, context.text(path) ?? '');
      else if (!name.includes('.') && depth < DEEPEST && context.kind(path) === 'folder')
        visit(path, depth + 1);
    }
  };
  const read = (path: string, text: string): void => {
    if (text.length > LONGEST) return;
    hasSqlite ||= /sqlite/i.test(text);
    for (const [, found = ''] of text.matchAll(DATABASE)) folders.add(posix.dirname(found));
    const add = (name: string, index: number, isFile: boolean): void => {
      const line = text.slice(0, index).split('\n').length;
      if (!secrets.has(name)) secrets.set(name, { name, place: `${path}:${line}`, isFile });
    };
    const mount = text.indexOf('/run/secrets');
    if (mount >= 0) add('/run/secrets', mount, true);
    if (!READS_ENVIRONMENT.test(text) && !SETTINGS.test(path)) return;
    for (const { 1: name = '', index } of text.matchAll(NAMES)) {
      const isFile = secretFileName(name);
      if (isFile || secretName(name) !== undefined) add(name, index, isFile);
    }
  };
  visit('', 0);
  return { secrets: [...secrets.values()], hasSqlite, dataFolders: [...folders] };
}
