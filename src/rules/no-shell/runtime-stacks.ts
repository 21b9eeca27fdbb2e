import { lookup } from '../../model/lookup.ts';
import { err, ok, type Result } from '../../model/result.ts';
import {
  libraryLines,
  NGINX_LINES,
  PHP_LINES,
  PYTHON_LINES,
  RUBY_LINES,
} from './runtime-collect.ts';
import { javaImage, nodeImage, pythonImage, type VersionInput } from './runtime-versions.ts';

/** What a program needs to run, and the image that brings most of it. */
export interface Runtime {
  /** Name of a distroless image. */
  readonly base: string;
  /** Programs and arguments in front of those of the command, in place of its first word. */
  readonly program: readonly string[];
  /** Commands for the build stage that put files into `/runtime`. */
  readonly collect: readonly string[];
  /** Whether all of the app's folder is carried over, or only the files that are named. */
  readonly carries: 'folder' | readonly string[];
  readonly env: readonly string[];
  /** Whether packages of a language go along, which may be package managers and build tools. */
  readonly holdsPackages: boolean;
  /** What the final stage holds, for the title. */
  readonly holds: string;
}

/** What decides on the stack. */
interface StackInput extends VersionInput {
  /** All words that a container starts. */
  readonly words: readonly string[];
  /** The program as an absolute path, where it is none that a stack knows by name. */
  readonly programPath: Result<string>;
  /** A compiler runs in the stages that the program comes from, or `C_COMPILER` among them. */
  readonly compilers: ReadonlySet<string>;
  /** Why nothing shows that a path is a program that the build compiles. */
  readonly notCompiled: (path: string) => string | undefined;
  /** `CGO_ENABLED=0` stands somewhere. */
  readonly withoutCgo: boolean;
  readonly resolve: (path: string) => string;
}

const PYTHON_MODULES = lookup<string>({
  gunicorn: 'gunicorn',
  uvicorn: 'uvicorn',
  hypercorn: 'hypercorn',
  flask: 'flask',
  waitress: 'waitress',
  'waitress-serve': 'waitress',
  celery: 'celery',
  daphne: 'daphne',
});
const C_COMPILERS = [
  'gcc',
  'g++',
  'cc',
  'c++',
  'clang',
  'clang++',
  'make',
  'cmake',
  'ninja',
  'meson',
];
/** Commands that make programs of machine code. */
export const COMPILERS: ReadonlySet<string> = new Set([
  'go',
  'cargo',
  'rustc',
  'zig',
  ...C_COMPILERS,
]);

/** What the command needs at run time; an error says why that cannot be shown. */
export function runtimeOf(input: StackInput): Result<Runtime> {
  const [first = ''] = input.words;
  const name = first.replace(/^.*\//, '');
  if (/-?alpine/.test(input.base + input.tag))
    return err('programs of alpine need musl, which no distroless image has');
  if (name === 'node' || name === 'nodejs') return nodeRuntime(input);
  if (/^python(?:3(?:\.\d+)?)?$/.test(name)) return pythonRuntime(input, []);
  const module = PYTHON_MODULES[name];
  if (module !== undefined) return pythonRuntime(input, ['-m', module]);
  if (name === 'java') return javaRuntime(input);
  if (name === 'ruby') return interpreter('/usr/bin/ruby', RUBY_LINES, 'Ruby');
  if (name === 'php') return interpreter('/usr/bin/php', PHP_LINES, 'PHP');
  if (name === 'nginx') return interpreter('/usr/sbin/nginx', NGINX_LINES, 'nginx');
  return compiledRuntime(input);
}

function interpreter(program: string, collect: readonly string[], title: string): Result<Runtime> {
  return ok({
    base: 'cc-debian13',
    program: [program],
    collect,
    carries: 'folder',
    holdsPackages: title !== 'nginx',
    env: [],
    holds: `${title}, its libraries and the app`,
  });
}

function nodeRuntime(input: StackInput): Result<Runtime> {
  const { base, tag } = input;
  const found = nodeImage(input);
  if (found === undefined) return err(`no distroless image has the Node.js of ${base}:${tag}`);
  return ok({
    base: found,
    program: ['/nodejs/bin/node'],
    collect: [],
    carries: 'folder',
    holdsPackages: true,
    env: [],
    holds: 'Node.js and the app',
  });
}

/** Packages of Debian that bring its Python. */
const BRINGS_PYTHON = /^(?:lib)?python3|^(?:gunicorn|uvicorn|hypercorn|daphne|celery)$/;

function pythonRuntime(input: StackInput, args: readonly string[]): Result<Runtime> {
  const { base, tag, installed } = input;
  if (base === 'debian' && ![...installed].some((name) => BRINGS_PYTHON.test(name)))
    return err('where its Python comes from is not known');
  const found = pythonImage(input);
  if (found === undefined) return err(`no distroless image has the Python of ${base}:${tag}`);
  return ok({
    base: found,
    program: ['/usr/bin/python3', ...args],
    collect: PYTHON_LINES,
    carries: 'folder',
    holdsPackages: true,
    env: ['ENV PYTHONPATH=/packages'],
    holds: 'Python, the installed packages and the app',
  });
}

function javaRuntime(input: StackInput): Result<Runtime> {
  const { base, tag, words, resolve } = input;
  const found = javaImage(input);
  if (found === undefined) return err(`no distroless image has the Java of ${base}:${tag}`);
  const jar = words[words.indexOf('-jar') + 1];
  if (!words.includes('-jar') || jar === undefined || /[*?]/.test(jar))
    return err('it is not started from one jar by its name');
  return ok({
    base: found,
    program: ['/usr/bin/java'],
    collect: [],
    carries: [resolve(jar)],
    holdsPackages: false,
    env: [],
    holds: 'Java and the jar',
  });
}

function compiledRuntime({
  programPath,
  compilers,
  withoutCgo,
  notCompiled,
}: StackInput): Result<Runtime> {
  if (!programPath.ok) return programPath;
  const path = programPath.value;
  if (/\.(?:sh|bash|pl|py|rb)$/.test(path)) return err(`${path} is a script`);
  const other = notCompiled(path);
  if (other !== undefined) return err(other);
  const isC = C_COMPILERS.some((name) => compilers.has(name));
  const isStatic = withoutCgo && compilers.size === 1 && compilers.has('go');
  return ok({
    base: isStatic ? 'static-debian13' : 'cc-debian13',
    program: [path],
    collect: isC ? libraryLines(path) : [],
    carries: [path],
    holdsPackages: false,
    env: [],
    holds: isC ? 'the program and the libraries that it needs' : 'the program',
  });
}
