import { lookup } from '../../model/lookup.ts';

/** The image that a stage stands on, and what it installs there. */
export interface VersionInput {
  /** Last part of the base's name, and its tag. */
  readonly base: string;
  readonly tag: string;
  /** Names of the packages of Debian that the image installs. */
  readonly installed: ReadonlySet<string>;
}

const NODE = lookup<string>({
  20: 'nodejs20-debian12',
  22: 'nodejs22-debian13',
  24: 'nodejs24-debian13',
});
const PYTHON = lookup<string>({
  '3.11': 'python3-debian12',
  '3.13': 'python3-debian13',
});
/** Versions of Python that Debian's releases have. */
const DEBIAN_PYTHON = lookup<string>({
  bookworm: '3.11',
  12: '3.11',
  trixie: '3.13',
  13: '3.13',
  latest: '3.13',
});
const JAVA = new Set(['17', '21']);
/** Versions of Java that `default-jre` of Debian's releases is of. */
const DEBIAN_JAVA = lookup<string>({
  bookworm: '17',
  12: '17',
  trixie: '21',
  13: '21',
  latest: '21',
});
/** Images of Java itself, whose tags begin with its version. */
const JAVA_IMAGES = new Set(
  'openjdk eclipse-temurin amazoncorretto sapmachine ibm-semeru-runtimes'.split(' '),
);

/** Distroless images that a Dockerfile on this base may be moved to. */
export function candidateBases(input: VersionInput): readonly string[] {
  return [
    'cc-debian13',
    'static-debian13',
    ...[nodeImage(input), pythonImage(input), javaImage(input)].flatMap((name) => name ?? []),
  ];
}

/** The distroless image with the Node.js of an image. */
export function nodeImage({ base, tag }: VersionInput): string | undefined {
  return base === 'node' ? NODE[major(tag)] : undefined;
}

/** The distroless image with the Python of an image. */
export function pythonImage({ base, tag }: VersionInput): string | undefined {
  if (base === 'python') return PYTHON[minor(tag)];
  return base === 'debian' ? PYTHON[DEBIAN_PYTHON[release(tag)] ?? ''] : undefined;
}

/** The distroless image with the Java of an image. */
export function javaImage(input: VersionInput): string | undefined {
  const version = javaOf(input);
  return version !== undefined && JAVA.has(version) ? `java${version}-debian13` : undefined;
}

function major(tag: string): string {
  return /^(\d+)(?:[.-]|$)/.exec(tag)?.[1] ?? '';
}
function minor(tag: string): string {
  return /^(\d+\.\d+)(?:[.-]|$)/.exec(tag)?.[1] ?? '';
}
function release(tag: string): string {
  return /^[a-z0-9]+/.exec(tag)?.[0] ?? 'latest';
}

function javaOf({ base, tag, installed }: VersionInput): string | undefined {
  if (JAVA_IMAGES.has(base)) return major(tag);
  if (base === 'debian' || base === 'ubuntu') return installedJava(tag, installed);
  return /(?:jdk|jre|java|temurin|corretto|openjdk|semeru|sapmachine|graalvm|liberica|zulu)[-_]?(\d+)/.exec(
    `${base}:${tag}`,
  )?.[1];
}

function installedJava(tag: string, installed: ReadonlySet<string>): string | undefined {
  const named = [...installed].flatMap((name) => /^openjdk-(\d+)-j/.exec(name)?.[1] ?? []);
  if (named.length > 0) return new Set(named).size === 1 ? named[0] : undefined;
  return [...installed].some((name) => /^default-j(?:re|dk)/.test(name))
    ? DEBIAN_JAVA[release(tag)]
    : undefined;
}
