import { posix } from 'node:path';
import { given } from '../lib/json.ts';
import type { BuildContext } from '../model/dockerfile.ts';
import type { CodeReads, SecretRead } from '../model/fix.ts';
import { secretFileName, secretName } from '../model/secret-names.ts';
import type { Settings } from '../model/settings.ts';

const CODE =
  /\.(?:py|[cm]?[jt]sx?|java|kts?|scala|groovy|go|rs|rb|php|cs|exs?|c|cc|cpp|properties|ya?ml)$/;
/** Folders that tools write into, and tests. */
const NOT_READ =
  /^(?:\..*|node_modules|vendor|target|build|dist|obj|venv|migrations|tests?|__tests__|spec)$/;
const OF_TESTS = /(?:^test_|[._]test\.|[._]spec\.|Test\.\w+$|^docker-compose|^compose\.)/;
const MOST_NAMES = 3000;
const DEEPEST = 12;
const LONGEST = 256 * 1024;
const LONGEST_TAKE = 400;

const READS_ENVIRONMENT = /\benv(?:iron)?\b|getenv|LookupEnv|\bconfig\(/i;
const SETTINGS = /\.(?:properties|ya?ml)$/;
/** A name in quotes, as `process.env.NAME` or as `${NAME}` of a settings file. */
const NAMES = /(?:["'`]|process\.env\.|\$\{)([A-Z][A-Z0-9_]{2,63})\b/g;
const DATABASE = /["'`](?:sqlite:\/\/\/)?(\/[\w.-]+(?:\/[\w.-]+)+\.(?:db|sqlite3?))["'`]/g;

/** Before the name of a variable that the language itself takes from the environment. */
const TAKEN =
  /(?:\bprocess\.env\.|(?:\b(?:process\.env|environ(?:\.get)?|ENV(?:\.fetch)?)|[Gg]etenv|LookupEnv|env::var(?:_os)?|GetEnvironmentVariable)\s*[[(]\s*["'`])$/;
const IN_COMMENT = /(?:^|\s)(?:\/\/|\/?\*|#)/;
const IS_SET = /^["'`]?[\])]?\s*=(?![=>])/;
/** What runs beside the app, or builds it. */
const BESIDE =
  /(?:^|\/)(?:scripts?|tools?|bin|ci|hack|bench\w*|examples?|samples?|demos?|docs?|e2e|fixtures?|mocks?)\/|\.config\.|(?:^|\/)(?:gulpfile|gruntfile|rakefile|noxfile|fabfile|tasks|setup)\./i;
/** Tokens of those who build and publish. */
const OF_TOOLS = /^(?:NPM|NODE_AUTH|PYPI|GITHUB|GH|GITLAB|CI|CODECOV|SONAR|SENTRY|TURBO|VERCEL)_/;
/** Scripts that start an app, and lists of its libraries. */
const AROUND =
  /\.(?:sh|bash|toml|env|conf|tmpl|erb)$|^(?:package\.json|requirements.*\.txt|Gemfile|Procfile|go\.mod)$/;
/** A way from a file to a variable: by the app, its start, or a library that does it unasked. */
const FILE_NAMES = /_FILE\b|_file["'`]/;
const FROM_FILE =
  /\bsecrets?\/|\/secrets?\b|secrets?[_-]?(?:dir|manager|file)|config-?tree|credentials_directory|docker[_-]?secret|vault|\bsops\b|dotenv|read_env|env[_-](?:file|cmd)|"(?:next|nuxt|@nestjs\/config|@remix-run\/\w+|astro|bun-types|@types\/bun)"|\bbun\b/i;

/** Several rules ask about one context. */
const READ = new WeakMap<BuildContext, CodeReads>();

/** What the code of a context names, as far as a bounded number of its files shows. */
export function codeReads(context: BuildContext | undefined): CodeReads {
  if (context === undefined) return { secrets: [], hasSqlite: false, dataFolders: [] };
  const known = READ.get(context) ?? readCode(context);
  READ.set(context, known);
  return known;
}

function namesFile(text: string): boolean {
  return FILE_NAMES.test(text) || FROM_FILE.test(text);
}

/**
 * Settings without the declaration that secrets come as files, where the app surely takes one from
 * the environment alone. It is believed where a secret's file, or one of the environment, is named
 * anywhere, or where the files that it declares have no name of a secret's.
 */
export function believed(
  settings: Settings,
  context: BuildContext | undefined,
  dockerfile: string,
): Settings {
  const { use, files } = settings.secrets;
  if (use !== 'by-file' || !files.every(namesFile) || namesFile(dockerfile)) return settings;
  const contradicted = codeReads(context).environment;
  return contradicted === undefined
    ? settings
    : { ...settings, secrets: { use: undefined, files, contradicted } };
}

function readCode(context: BuildContext): CodeReads {
  const secrets = new Map<string, SecretRead>();
  const folders = new Set<string>();
  const environment: SecretRead[] = [];
  let hasSqlite = false;
  const doubts: string[] = [];
  let left = MOST_NAMES;
  const visit = (folder: string, depth: number): void => {
    for (const name of (context.names(folder) ?? []).toSorted()) {
      const path = folder === '' ? name : `${folder}/${name}`;
      left -= 1;
      if (left < 0) doubts.push(path);
      if (left < 0 || NOT_READ.test(name) || OF_TESTS.test(name)) continue;
      if (CODE.test(name)) read(path, context.text(path) ?? '');
      else if (!name.includes('.') && depth < DEEPEST && context.kind(path) === 'folder')
        visit(path, depth + 1);
      else if (AROUND.test(name) || !name.includes('.'))
        if (namesFile(context.text(path) ?? '')) doubts.push(path);
    }
  };
  const read = (path: string, text: string): void => {
    if (text.length > LONGEST || namesFile(text)) doubts.push(path);
    if (text.length > LONGEST) return;
    hasSqlite ||= /sqlite/i.test(text);
    for (const [, found = ''] of text.matchAll(DATABASE)) folders.add(posix.dirname(found));
    const readAt = (name: string, index: number, isFile: boolean): SecretRead => {
      const line = text.slice(0, index).split('\n').length;
      return { name, place: `${path}:${line}`, isFile };
    };
    const add = (name: string, index: number, isFile: boolean): void => {
      if (!secrets.has(name)) secrets.set(name, readAt(name, index, isFile));
    };
    const mount = text.indexOf('/run/secrets');
    if (mount >= 0) add('/run/secrets', mount, true);
    if (!READS_ENVIRONMENT.test(text) && !SETTINGS.test(path)) return;
    for (const { 0: found, 1: name = '', index } of text.matchAll(NAMES)) {
      const isFile = secretFileName(name);
      if (isFile || secretName(name) !== undefined) add(name, index, isFile);
      if (isFile || secretName(name, 'sure') === undefined) continue;
      const start = index + found.length - name.length;
      const before = text.slice(Math.max(0, start - LONGEST_TAKE), start);
      if (!TAKEN.test(before) || IN_COMMENT.test(before.replace(/^.*\n/s, ''))) continue;
      if (IS_SET.test(text.slice(start + name.length, start + name.length + 40))) doubts.push(path);
      if (!BESIDE.test(path) && !OF_TOOLS.test(name)) environment.push(readAt(name, index, false));
    }
  };
  visit('', 0);
  return {
    secrets: [...secrets.values()],
    ...(doubts.length === 0 ? given({ environment: environment[0] }) : {}),
    hasSqlite,
    dataFolders: [...folders],
  };
}
