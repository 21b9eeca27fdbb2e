import { err, ok, type Result } from '../lib/errors.ts';
import { lookup } from '../lib/json.ts';

/** The base image of a stage: last part of its name, and its tag. */
interface BaseInput {
  readonly base: string;
  readonly tag: string;
}

/** What a program needs to run, and the image that brings most of it. */
export interface Runtime {
  /** Name of a distroless image. */
  readonly base: string;
  /** Replaces the first word of the command. */
  readonly program: readonly string[];
  /** Commands for the build stage that put files into `/runtime`. */
  readonly collect: readonly string[];
  /** The app's whole folder, or only the files that are named. */
  readonly carries: 'folder' | readonly string[];
  readonly env: readonly string[];
  /** True if packages of a language go along, which may be package managers and build tools. */
  readonly holdsPackages: boolean;
  /** Content of the final stage, for the title. */
  readonly holds: string;
}

/** One way to run a program on a distroless image. */
interface Stack {
  readonly name: string;
  /** The first word of the command, without its folder. */
  readonly program: RegExp;
  /** The image with the version that the base has; undefined where there is none. */
  readonly image: (input: BaseInput) => string | undefined;
  /** Where the program is in the final stage. */
  readonly path: string;
  readonly holds: string;
  readonly collect?: readonly string[];
  readonly env?: readonly string[];
  readonly holdsPackages?: boolean;
}

/**
 * Commands that put the shared libraries of all programs below a folder of the build stage into
 * `/runtime/usr/lib`. The records of their Debian packages go along, so that an SBOM names those.
 * The distroless images for programs of C bring libc, libm, libgcc_s and libstdc++ themselves.
 */
function libraryLines(folder: string): readonly string[] {
  return [
    'mkdir -p /runtime/usr/lib /runtime/var/lib/dpkg/status.d',
    `find ${folder} -type f -exec ldd {} + 2>/dev/null | awk '$2 == "=>" && $3 ~ "^/" && $1 !~ "^(libc|libm|libgcc_s|libstdc[+][+])[.]so" { print $3 }' | sort -u | while read -r lib; do`,
    '  cp -L "$lib" /runtime/usr/lib/;',
    '  package="$(dpkg-query -S "$(realpath "$lib")" 2>/dev/null | cut -d: -f1)";',
    '  if [ -n "$package" ]; then dpkg-query -s "$package" >"/runtime/var/lib/dpkg/status.d/$package"; fi;',
    'done',
  ];
}

/** Commands that copy each path that `list` prints, where it is there, by `copy`. */
function copyEach(list: string, copy: string, test = '-e'): readonly string[] {
  return [
    `${list} | while read -r path; do`,
    `  if [ ${test} "$path" ]; then ${copy}; fi;`,
    'done',
  ];
}

function copyProgram(name: string, folder: string): readonly string[] {
  return [`mkdir -p /runtime${folder}`, `cp -L "$(command -v ${name})" /runtime${folder}/${name}`];
}

const NGINX_FOLDERS = '/var/lib/nginx /var/cache/nginx /var/log/nginx';

const STACKS: readonly Stack[] = [
  {
    name: 'Node.js',
    program: /^node(?:js)?$/,
    image: nodeImage,
    path: '/nodejs/bin/node',
    holds: 'Node.js and the app',
  },
  {
    name: 'Python',
    program:
      /^(?:python(?:3(?:\.\d+)?)?|gunicorn|uvicorn|hypercorn|flask|waitress(?:-serve)?|celery|daphne)$/,
    image: pythonImage,
    path: '/usr/bin/python3',
    holds: 'Python, the installed packages and the app',
    // The packages that the interpreter of the build stage sees, without its installer.
    collect: [
      'mkdir -p /runtime/packages',
      ...copyEach(
        `python3 -c 'import sys; print(*(p for p in sys.path if p.endswith("-packages")), sep="\\n")'`,
        'cp -r "$path/." /runtime/packages/',
        '-d',
      ),
      'rm -rf /runtime/packages/pip /runtime/packages/pip-*',
      ...libraryLines('/runtime/packages'),
    ],
    env: ['ENV PYTHONPATH=/packages'],
  },
  {
    name: 'Java',
    program: /^java$/,
    image: javaImage,
    path: '/usr/bin/java',
    holds: 'Java and the jar',
    holdsPackages: false,
  },
  {
    name: 'Ruby',
    program: /^ruby$/,
    image: () => 'cc-debian13',
    path: '/usr/bin/ruby',
    holds: 'Ruby, its libraries and the app',
    collect: [
      ...copyProgram('ruby', '/usr/bin'),
      ...copyEach(
        "ruby -e 'puts $LOAD_PATH, Gem.path' | sort -u",
        'cp -a --parents "$path" /runtime',
        '-d',
      ),
      ...libraryLines('/runtime'),
    ],
  },
  {
    name: 'PHP',
    program: /^php$/,
    image: () => 'cc-debian13',
    path: '/usr/bin/php',
    holds: 'PHP, its libraries and the app',
    collect: [
      ...copyProgram('php', '/usr/bin'),
      ...copyEach(
        `php -r 'echo PHP_EXTENSION_DIR, "\\n", PHP_CONFIG_FILE_PATH, "\\n", PHP_CONFIG_FILE_SCAN_DIR, "\\n";'`,
        'cp -RL --parents "$path" /runtime',
      ),
      ...libraryLines('/runtime'),
    ],
  },
  {
    name: 'nginx',
    program: /^nginx$/,
    image: () => 'cc-debian13',
    path: '/usr/sbin/nginx',
    holds: 'nginx, its libraries and the app',
    holdsPackages: false,
    // The unprivileged user owns what it writes, and it does not switch users.
    collect: [
      `mkdir -p /runtime/usr/sbin ${NGINX_FOLDERS.replaceAll('/var', '/runtime/var')}`,
      'cp -L "$(command -v nginx)" /runtime/usr/sbin/nginx',
      'for path in /etc/nginx /usr/share/nginx /usr/lib/nginx /var/lib/nginx /var/log/nginx; do',
      '  if [ -e "$path" ]; then cp -a --parents "$path" /runtime; fi;',
      'done',
      "sed -i -e '/^[[:space:]]*user[[:space:]]/d' -e 's#^[[:space:]]*pid[[:space:]].*#pid /tmp/nginx.pid;#' /runtime/etc/nginx/nginx.conf",
      `chown -R 65532:65532 ${NGINX_FOLDERS.replaceAll('/var', '/runtime/var')}`,
      ...libraryLines('/runtime'),
    ],
  },
];

const NODE = lookup<string>({
  20: 'nodejs20-debian12',
  22: 'nodejs22-debian13',
  24: 'nodejs24-debian13',
});
const PYTHON = lookup<string>({ '3.11': 'python3-debian12', '3.13': 'python3-debian13' });
const JAVA = lookup<string>({ 17: 'java17-debian13', 21: 'java21-debian13' });
/** Versions of Python in Debian's releases. */
const DEBIAN = lookup<string>({
  bookworm: '3.11',
  12: '3.11',
  trixie: '3.13',
  13: '3.13',
  latest: '3.13',
});

function major(tag: string): string {
  return /^(\d+)(?:[.-]|$)/.exec(tag)?.[1] ?? '';
}

function nodeImage({ base, tag }: BaseInput): string | undefined {
  return base === 'node' ? NODE[major(tag)] : undefined;
}

function pythonImage({ base, tag }: BaseInput): string | undefined {
  if (base === 'python') return PYTHON[/^(\d+\.\d+)(?:[.-]|$)/.exec(tag)?.[1] ?? ''];
  const release = /^[a-z0-9]+/.exec(tag)?.[0] ?? 'latest';
  return base === 'debian' ? PYTHON[DEBIAN[release] ?? ''] : undefined;
}

/** Images of Java itself, whose tags begin with its version. */
const JAVA_IMAGES = /^(?:openjdk|eclipse-temurin|amazoncorretto|sapmachine|ibm-semeru-runtimes)$/;
const NAMES_JAVA =
  /(?:jdk|jre|java|temurin|corretto|openjdk|semeru|sapmachine|graalvm|liberica|zulu)[-_]?(\d+)/;

function javaImage({ base, tag }: BaseInput): string | undefined {
  return JAVA_IMAGES.test(base)
    ? JAVA[major(tag)]
    : JAVA[NAMES_JAVA.exec(`${base}:${tag}`)?.[1] ?? ''];
}

/** Distroless images that a Dockerfile on this base may be moved to. */
export function candidateBases(input: BaseInput): readonly string[] {
  const images = [nodeImage(input), pythonImage(input), javaImage(input)];
  return ['cc-debian13', 'static-debian13', ...images.flatMap((name) => name ?? [])];
}

interface StackInput extends BaseInput {
  /** Names of the packages of Debian that the image installs. */
  readonly installed: ReadonlySet<string>;
  /** All words that a container starts. */
  readonly words: readonly string[];
  /** The program as an absolute path, unless a stack knows it by name. */
  readonly programPath: Result<string>;
  /** The compilers that run in the stages that the program comes from. */
  readonly compilers: ReadonlySet<string>;
  /** Why nothing shows that a path is a program that the build compiles. */
  readonly notCompiled: (path: string) => string | undefined;
  /** `CGO_ENABLED=0` is set somewhere. */
  readonly withoutCgo: boolean;
  readonly resolve: (path: string) => string;
}

/** Packages of Debian that bring its Python. */
const BRINGS_PYTHON = /^(?:lib)?python3|^(?:gunicorn|uvicorn|hypercorn|daphne|celery)$/;

/** What the command needs at run time; an error says why that cannot be shown. */
export function runtimeOf(input: StackInput): Result<Runtime> {
  const { base, tag, words, installed } = input;
  const name = (words[0] ?? '').replace(/^.*\//, '');
  if (/-?alpine/.test(base + tag))
    return err('programs of alpine need musl, which no distroless image has');
  const stack = STACKS.find(({ program }) => program.test(name));
  if (stack === undefined) return compiledRuntime(input);
  const isPython = stack.name === 'Python';
  if (isPython && base === 'debian' && ![...installed].some((one) => BRINGS_PYTHON.test(one)))
    return err('where its Python comes from is not known');
  const image = stack.image(input);
  if (image === undefined)
    return err(`no distroless image has the ${stack.name} of ${base}:${tag}`);
  const jar = words[words.indexOf('-jar') + 1];
  const isJar = words.includes('-jar') && jar !== undefined && !/[*?]/.test(jar);
  if (stack.name === 'Java' && !isJar) return err('it is not started from one jar by its name');
  const module = isPython && !name.startsWith('python') ? name.replace('-serve', '') : undefined;
  return ok({
    base: image,
    program: [stack.path, ...(module === undefined ? [] : ['-m', module])],
    collect: stack.collect ?? [],
    carries: stack.name === 'Java' ? [input.resolve(jar ?? '')] : 'folder',
    env: stack.env ?? [],
    holdsPackages: stack.holdsPackages ?? true,
    holds: stack.holds,
  });
}

const C_COMPILERS = 'gcc g++ cc c++ clang clang++ make cmake ninja meson'.split(' ');
/** Commands that make programs of machine code. */
export const COMPILERS: ReadonlySet<string> = new Set([
  'go',
  'cargo',
  'rustc',
  'zig',
  ...C_COMPILERS,
]);

function compiledRuntime(input: StackInput): Result<Runtime> {
  const { programPath, compilers, withoutCgo } = input;
  if (!programPath.ok) return programPath;
  const path = programPath.value;
  if (/\.(?:sh|bash|pl|py|rb)$/.test(path)) return err(`${path} is a script`);
  const other = input.notCompiled(path);
  if (other !== undefined) return err(other);
  const isC = C_COMPILERS.some((name) => compilers.has(name));
  const isStatic = withoutCgo && compilers.size === 1 && compilers.has('go');
  return ok({
    base: isStatic ? 'static-debian13' : 'cc-debian13',
    program: [path],
    collect: isC ? libraryLines(path) : [],
    carries: [path],
    env: [],
    holdsPackages: false,
    holds: isC ? 'the program and the libraries that it needs' : 'the program',
  });
}
