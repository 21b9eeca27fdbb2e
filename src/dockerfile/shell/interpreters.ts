import { lookup } from '../../model/lookup.ts';
import { unversioned } from '../../programs/program.ts';
import type { Field } from './fields.ts';

/** An interpreter that runs programs which are known by a name of their own. */
interface Interpreter {
  /** Its options that take a value as their next word. */
  readonly valued: ReadonlySet<string>;
  /** Programs by the names of their scripts, without folder and suffix. */
  readonly scripts: RegExp;
  /** Options behind which text of the language stands, in place of a script. */
  readonly text: RegExp;
  /** The option that names a script to be looked up: `python -m pip`, `-Impip`, `ruby -S gem`. */
  readonly named?: RegExp;
}

function interpreter(valued: string, scripts: RegExp, text: RegExp, named?: RegExp): Interpreter {
  const options = new Set(valued.split(' '));
  return { valued: options, scripts, text, ...(named === undefined ? {} : { named }) };
}

const PYTHON = interpreter(
  '-W -X -Q --check-hash-based-pycs',
  /^(?:pip[\d.]*|easy_install[\d.-]*|pipx|pipenv|poetry|pdm|uv|uvx|conda|mamba|hatch|spacy)$/,
  /^-[BbdEhiIOPqRsSuvVx]*c/,
  /^-[BbdEhiIOPqRsSuvVx]*m(.*)$/,
);
const NODE = interpreter(
  '-r -C --require --import --loader --experimental-loader --conditions --env-file --icu-data-dir --max-http-header-size',
  /^(?:npm|npx|yarn|yarnpkg|pnpm|pnpx|bower|corepack)$/,
  /^-(?:[a-z]*[ep]|-eval|-print)$/,
);
const ONE_LINE = /^-[a-zA-Z]*[eE]$/;
const ON_PATH = /^-w*S(.*)$/;

const INTERPRETERS = lookup<Interpreter>({
  python: PYTHON,
  pypy: PYTHON,
  py: PYTHON,
  node: NODE,
  nodejs: NODE,
  bun: NODE,
  ruby: interpreter('-I -r -C -E -W', /^(?:gem|bundle|bundler)[\d.]*$/, ONE_LINE, ON_PATH),
  perl: interpreter('-I -M -m', /^(?:cpanm|cpan|cpm)[\d.]*$/, ONE_LINE, ON_PATH),
  php: interpreter('-d -c -z', /^(?:composer|pecl|pear)$/, /^-[rBR]$/),
  Rscript: interpreter('', /^install2?\.r$/, ONE_LINE),
  r: interpreter('-l -L', /^install2?\.r$/, ONE_LINE),
  lua: interpreter('-l', /^luarocks$/, ONE_LINE),
});

/** Folders of installed programs; the name of a project's file says nothing of what it does. */
const INSTALLED =
  /^\/(?:usr|opt|bin|sbin|root|home|snap|nix)\/|(?:^|\/)(?:\.?v?env|site-packages|node_modules|vendor|\.local)\//;

/** Folders that installers fill, also below one that a build copies over. */
const PROGRAM_FOLDER = /(?:^|\/)(?:s?bin|site-packages|node_modules|vendor)\//;

/** True where a path shows that a package manager or the system put the program or script there. */
export function isInstalledPath(path: string): boolean {
  return INSTALLED.test(path) || /^[A-Z]:/i.test(path);
}

function plainName(path: string): string {
  return path
    .replace(/^.*[\\/]/, '')
    .replace(/\.(?:c?js|mjs|phar|py|rb|pl)$/i, '')
    .replace(/-cli$/, '');
}

/** Says whether the build itself put a file at a path, so that its name tells nothing of it. */
export type Brought = (path: string) => 'sure' | 'possible' | undefined;

/** Where Python finds a module before its own folders: beside the command. */
export function modulePlaces(name: string): readonly string[] {
  const path = name.replaceAll('.', '/');
  const [first = ''] = path.split('/');
  const places = [`${path}/__main__.py`, `${path}.py`];
  // What a package loads first.
  return first === path ? places : [...places, `${first}/__init__.py`, `${first}.py`];
}

/**
 * The program that an interpreter runs by path or name, under its own name: `python3 /usr/bin/pip3
 * install x`, `ruby -S gem`. Undefined for other scripts, and for a file that the build itself
 * brought.
 */
export function interpretedProgram(
  program: string,
  argv: readonly Field[],
  brought: Brought = () => undefined,
): readonly Field[] | undefined {
  const known = INTERPRETERS[program] ?? INTERPRETERS[unversioned(program)];
  if (known === undefined) return undefined;
  for (let at = 1; at < argv.length; at += 1) {
    const field = argv[at];
    if (field === undefined) return undefined;
    const { text } = field;
    const named = known.named?.exec(text)?.[1];
    const isOption = text.startsWith('-');
    const script =
      named === '' ? argv[at + 1] : named !== undefined ? { ...field, text: named } : field;
    if (named !== undefined || !isOption) {
      const name = plainName(script?.text ?? '');
      const path = named === undefined ? (script?.text ?? '') : '';
      const isProgram = path === '' || path.endsWith('.phar') || isInstalledPath(path);
      if (script?.constant !== true || !isProgram || !known.scripts.test(name)) return undefined;
      const places = path === '' ? modulePlaces(script.text) : [path];
      if (places.some((place) => brought(place) === 'sure')) return undefined;
      if (path !== '' && !PROGRAM_FOLDER.test(path) && brought(path) !== undefined)
        return undefined;
      return [{ ...script, text: name }, ...argv.slice(named === '' ? at + 2 : at + 1)];
    }
    if (known.valued.has(text)) at += 1;
    else if (known.text.test(text)) return undefined;
  }
  return undefined;
}
