import type { Package } from '../../model/packages.ts';
import { BUILD_TOOLS } from './build-tools.ts';

/** Packages whose purpose is building or debugging and whose name no rule below tells. */
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
/** Kernel headers that every libc's development package draws in: alone they are no tooling. */
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
