import { fileName } from '../lib/text.ts';
import type { Package } from '../model/packages.ts';

/** Programs of one kind: names, parted by blanks, with the reason they are in the table. */
export interface ToolGroup {
  readonly kind: string;
  readonly entries: Readonly<Record<string, string>>;
}

/** A program's row: the kind it belongs to and why it counts. */
export interface ToolEntry {
  readonly name: string;
  readonly kind: string;
  readonly reason: string;
}

export type ToolTable = ReadonlyMap<string, ToolEntry>;

/** The groups as one table by name; a name that two groups list is a mistake in the table. */
export function toolTable(groups: readonly ToolGroup[]): ToolTable {
  const table = new Map<string, ToolEntry>();
  for (const { kind, entries } of groups)
    for (const [names, reason] of Object.entries(entries))
      for (const name of names.split(' ')) {
        if (table.has(name)) throw new Error(`${name} is listed twice`);
        table.set(name, { name, kind, reason });
      }
  return table;
}

/** Architectures of cross compilers: `x86_64-linux-gnu-gcc`, `aarch64-alpine-linux-musl-ld`. */
const ARCHITECTURE =
  /^(?:x86_64|i[3-6]86|amd64|aarch64|arm[a-z0-9]*|riscv(?:32|64)|ppc64(?:le)?|powerpc[a-z0-9]*|s390x?|mips[a-z0-9]*|loongarch64)-/;
/** Vendor, system and C library behind it: one to three parts. */
const TARGET_PARTS = 3;
/** Parts that distributions and build systems add to a program's name. */
const DECORATION =
  /(?:\.(?:exe|js|cjs|mjs|phar|py|pyz|pex|real|distrib|orig|bin|nosuid|suid|static)|-cli|-static|-posix|-extras)$/;
/** Linux' limit of a file name: what is longer cannot be unpacked, let alone run. */
const NAME_MAX = 255;
/** Interpreters that begin a tool's name in a distribution: `python3-pip`. */
const INTERPRETER_PREFIX = /^(?:python|ruby|node|php|lua)[\d.]*-(?=\w)/;
// eslint-disable-next-line regexp/no-super-linear-move -- names have at most NAME_MAX characters
const VERSION = /(?:[-_.]?v?\d+(?:\.\d+)*)$/;

/**
 * The names a file of this name may go by, its own first. The others lack target prefix, extension
 * and version (`x86_64-linux-gnu-gcc-12` is gcc, `pip3.11` is pip, `npm-cli.js` is npm).
 */
export function possibleNames(fileName: string): readonly string[] {
  if (fileName.length > NAME_MAX) return [];
  const names: string[] = [];
  let name = fileName;
  // Each round takes one part off; a name has few.
  for (let round = 0; round < 6; round += 1) {
    names.push(...namesOf(name));
    const shorter = name.replace(DECORATION, '').replace(VERSION, '');
    if (shorter === name || shorter === '') break;
    name = shorter;
  }
  return names;
}

/** The table's entry that a file of these names is, the first name that has one deciding. */
export function entryNamed(table: ToolTable, names: readonly string[]): ToolEntry | undefined {
  for (const name of names) {
    const entry = table.get(name);
    if (entry !== undefined) return entry;
  }
  return undefined;
}

/** The name, without its interpreter, and without a target of each possible length. */
function namesOf(name: string): readonly string[] {
  const bare = name.replace(INTERPRETER_PREFIX, '');
  const names = bare === name ? [name] : [name, bare];
  if (!ARCHITECTURE.test(name)) return names;
  const parts = name.split('-');
  for (let target = 1; target <= TARGET_PARTS; target += 1)
    names.push(parts.slice(1 + target).join('-'));
  return names;
}

/** Shells, by kind. Without `es`, `rc` and `ion`: these names mostly belong to other programs. */
export const SHELL_GROUPS: readonly ToolGroup[] = [
  {
    kind: 'POSIX shells',
    entries: {
      'sh bash rbash dash ash hush': 'a shell that distributions have as `sh`, or bash',
      'ksh ksh93 rksh pdksh mksh lksh oksh loksh': 'KornShell and its kin',
      'yash posh bosh sash osh gash brush': 'a rarer shell of POSIX syntax',
    },
  },
  { kind: 'zsh and fish', entries: { 'zsh rzsh fish': 'an interactive shell' } },
  { kind: 'C shells', entries: { 'csh tcsh bsd-csh': 'C shell' } },
  {
    kind: 'other shells',
    entries: {
      'pwsh powershell': 'PowerShell',
      'nu nushell elvish xonsh ysh murex scsh': 'a shell of its own syntax',
    },
  },
  {
    kind: 'multi-call binaries',
    entries: { 'busybox toybox': 'contains `sh`, run as `busybox sh` without any link' },
  },
];

export const SHELL_PROGRAMS = toolTable(SHELL_GROUPS);

/** Shells whose scripts are read, by their programs. */
export const SHELLS: ReadonlySet<string> = new Set('sh bash dash ash zsh ksh mksh fish'.split(' '));

/** Shells of another syntax, in which people work. */
export const C_SHELLS: ReadonlySet<string> = new Set(['csh', 'tcsh']);

/** Package managers, by kind. A package database alone (distroless' `status.d`) is not one. */
export const PACKAGE_MANAGER_GROUPS: readonly ToolGroup[] = [
  {
    kind: 'OS package managers',
    entries: {
      'apt apt-get aptitude dpkg dpkg-deb dselect': 'Debian, Ubuntu',
      apk: 'Alpine, Wolfi',
      'yum dnf microdnf tdnf rpm rpm-ostree urpmi': 'Fedora, Red Hat and their kin',
      zypper: 'SUSE',
      pacman: 'Arch',
      'xbps-install emerge eopkg swupd opkg ipkg slackpkg installpkg': 'other distributions',
      'nix nix-env guix brew snap flatpak': 'any distribution',
    },
  },
  {
    kind: 'language package managers',
    entries: {
      'pip pipx pipenv easy_install uv uvx poetry pdm': 'Python',
      'conda mamba micromamba': 'Python and binaries',
      'npm npx yarn yarnpkg pnpm pnpx corepack': 'Node',
      'bun bunx deno': 'a run-time that contains a package manager',
      'gem bundle bundler': 'Ruby',
      'composer pear pecl': 'PHP',
      'cargo rustup': 'Rust',
      go: 'Go modules (`go get`, `go install`)',
      'cpan cpanm luarocks': 'Perl, Lua',
      'mvn gradle sbt lein': 'Java and its kin',
      'cabal stack opam mix rebar3': 'Haskell, OCaml, Elixir, Erlang',
      'nuget conan vcpkg': '.NET, C and C++',
      tlmgr: 'TeX',
      'asdf mise volta': 'run-time versions',
    },
  },
];

export const PACKAGE_MANAGERS = toolTable(PACKAGE_MANAGER_GROUPS);

/** Folders of a language's packages, and those where managers come bundled or unpacked. */
const HOMES = /(?:^|\/)(?:(?:site|dist)-packages|node_modules|gems|_bundled|opt)\/([^/]+)/g;

/** The manager whose code is at this path (`usr/lib/node_modules/npm/package.json` is npm). */
export function managerAt(path: string): string {
  const owner = [...path.matchAll(HOMES)].at(-1)?.[1] ?? fileName(path);
  return owner.replace(/-v?\d.*|\.phar$/s, '');
}

/**
 * Build and debug tooling, by kind. Run-times (perl, python, ruby, node, java, dotnet) are none.
 * `rake`, `bundle`, `pip` and `composer` are left out: applications run tasks through the first
 * two, and the others only install.
 */
export const BUILD_TOOL_GROUPS: readonly ToolGroup[] = [
  {
    kind: 'compilers',
    entries: {
      'cc gcc gcc-ar gcc-nm gcc-ranlib c89 c99 tcc clang clang-cl icc icx': 'C compiler',
      'c++ g++ clang++': 'C++ compiler',
      'cpp clang-cpp': 'C preprocessor',
      'cc1 cc1plus lto1': 'GCC’s compiler proper, found outside $PATH',
      'llc nvcc': 'compiler back end, compiler of CUDA',
      'gfortran flang gdc dmd ldc2 gccgo gnatmake fpc': 'compiler of Fortran, D, Go, Ada or Pascal',
      go: 'Go tool, which compiles and fetches',
      'rustc zig swiftc nim crystal': 'compiler of Rust, Zig, Swift, Nim or Crystal',
      'javac kotlinc scalac csc mcs': 'compiler of Java, Kotlin, Scala or C#',
      'ghc ocamlc ocamlopt erlc elixirc': 'compiler of Haskell, OCaml, Erlang or Elixir',
      'tsc esbuild webpack rollup': 'compiler or bundler of JavaScript',
      'bison flex yacc swig protoc cython': 'generator of parsers or bindings',
    },
  },
  { kind: 'assemblers', entries: { 'as nasm yasm': 'assembler' } },
  {
    kind: 'linkers and binary tools',
    entries: {
      'ld ld.bfd ld.gold ld.lld lld gold mold collect2':
        'linker (the run-time loader is named ld.so or ld-linux and is none)',
      'ar llvm-ar ranlib nm objcopy objdump llvm-objdump strip': 'works on objects and libraries',
      'readelf elfedit addr2line llvm-config': 'inspects or edits programs, or prints flags',
    },
  },
  {
    kind: 'build drivers',
    entries: {
      'make gmake bmake ninja samu': 'runs makefiles and their kin',
      'cmake ctest cpack meson bazel buck2 scons': 'build generator or driver',
      'autoconf automake autoreconf libtool libtoolize': 'makes configure scripts and makefiles',
      'pkg-config pkgconf': 'compiler flag finder',
      'ant mvn gradle sbt lein': 'builds and fetches Java and its kin',
      msbuild: '.NET build driver',
      'dpkg-buildpackage rpmbuild abuild makepkg': 'builds packages of a distribution',
    },
  },
  {
    kind: 'debuggers and tracers',
    entries: {
      'gdb gdbserver gcore lldb lldb-server dlv rr': 'debugger',
      'jdb jstack jmap': 'debugger of Java',
      'strace ltrace uftrace perf bpftrace bpftool trace-cmd stap sysdig': 'tracer',
      'valgrind gcov gprof': 'memory debugger, coverage or profiler',
    },
  },
  {
    kind: 'language package builders',
    entries: {
      cargo: 'builds and fetches Rust crates',
      'npm node-gyp yarn yarnpkg pnpm bun': 'builds and fetches npm packages',
      gem: 'builds and fetches Ruby gems',
      'poetry uv pdm hatch flit pyproject-build conda-build': 'builds Python packages',
      'stack cabal': 'builds and fetches Haskell packages',
      'mix rebar3': 'builds and fetches Elixir and Erlang packages',
      'dune opam': 'builds OCaml packages',
    },
  },
];

export const BUILD_TOOLS = toolTable(BUILD_TOOL_GROUPS);

/** Packages for building or debugging that the rules below do not recognize by name. */
export const BUILD_PACKAGES: Readonly<Record<string, string>> = {
  'build-essential build-base alpine-sdk base-devel': 'draws in the C and C++ tool chain',
  'binutils llvm': 'assembler, linker, compiler back end',
  'golang golang-go rust': 'tool chain of Go or Rust',
  'make-guile ninja-build pkgconf pkgconf-bin pkg-config': 'build driver or compiler flag finder',
  'gdb-minimal linux-perf': 'debugger or tracer',
  'devscripts debhelper': 'builds Debian packages',
  'default-jdk default-jdk-headless': 'Java compiler',
};
const PACKAGES: ReadonlyMap<string, string> = new Map(
  Object.entries(BUILD_PACKAGES).flatMap(([names, reason]) =>
    names.split(' ').map((name): [string, string] => [name, reason]),
  ),
);

/** Last words of tool chain packages that contain no executable tool and nothing to build with. */
const NO_TOOL = new Set('base doc docs locales common data lib libs runtime lang'.split(' '));
/** Kernel headers that every libc's development package draws in: they alone do not count. */
const NOT_TOOLING = new Set([
  'linux-libc-dev',
  'linux-headers',
  'kernel-headers',
  'linux-glibc-devel',
]);
const HEADERS = new Set(['dev', 'devel', 'static']);
const JDK = /^(?:openjdk|java|temurin|zulu|msopenjdk).*-(?:jdk|devel)(?:-headless)?$/;
const DOTNET_SDK = /^dotnet-sdk-[\d.]+$/;
/** `gcc-12-x86-64-linux-gnu`, `golang-1.22-go`, `g++-12`: the tool, then versions and targets. */
const TAIL =
  /^(?:[-_]?v?\d[\d.]*)?(?:-(?:go|tools|minimal|headless|multilib|[a-z0-9-]+-linux-(?:gnu|musl)[a-z0-9]*))?$/;

/** Why an OS package is build or debug tooling, or undefined where it is none. */
export function buildPurpose(found: Pick<Package, 'type' | 'name'>): string | undefined {
  if (found.type !== 'deb' && found.type !== 'apk' && found.type !== 'rpm') return undefined;
  const name = found.name.replace(/:[a-z0-9]+$/, '');
  const listed = PACKAGES.get(name);
  if (listed !== undefined) return listed;
  const last = name.includes('-') ? name.slice(name.lastIndexOf('-') + 1) : '';
  if (NOT_TOOLING.has(name) || NO_TOOL.has(last)) return undefined;
  if (HEADERS.has(last)) return 'headers and libraries to build against';
  if (JDK.test(name)) return 'Java compiler';
  if (DOTNET_SDK.test(name)) return '.NET tool chain';
  return toolPackage(name);
}

/** Package names that begin with a tool of the table and go on with a version or target. */
function toolPackage(name: string): string | undefined {
  const exact = PACKAGED.get(name);
  if (exact !== undefined) return exact;
  for (const [tool, reason] of BY_LETTER.get(name.charAt(0)) ?? [])
    if (name.startsWith(tool) && TAIL.test(name.slice(tool.length))) return reason;
  return undefined;
}

/** Debian's `gem` is a graphics library, not RubyGems. */
const OTHER_PACKAGES = new Set(['gem']);

const PACKAGED: ReadonlyMap<string, string> = new Map([
  ...[...BUILD_TOOLS.values()]
    .filter((entry) => !OTHER_PACKAGES.has(entry.name))
    .map((entry): [string, string] => [entry.name, entry.reason]),
  ['binutils', 'assembler and linker'],
  ['llvm', 'compiler back end and its tools'],
  ['golang', 'Go tool chain'],
  ['rust', 'Rust tool chain'],
]);

/** By first letter: an image has hundreds of packages, and few start like any given tool. */
const BY_LETTER = new Map<string, [string, string][]>();
for (const entry of PACKAGED) {
  const letter = entry[0].charAt(0);
  BY_LETTER.set(letter, [...(BY_LETTER.get(letter) ?? []), entry]);
}
