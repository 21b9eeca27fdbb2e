import { posix } from 'node:path';
import { given, lookup } from '../lib/json.ts';
import { fileName, quantity } from '../lib/text.ts';
import type { Evidence, Verdict } from '../model/criterion.ts';
import { stageChain } from '../model/dockerfile.ts';
import {
  type BuildFact,
  type EvidenceSource,
  type Fact,
  type FilesystemFact,
  type ImageFact,
  NAME_THE_DOCKERFILE,
} from '../model/facts.ts';
import type { FixInput, FixPlan, FixRule } from '../model/fix.ts';
import { isSystemType, type Package } from '../model/packages.ts';
import { formatReference, type ImageReference, parseReference } from '../model/reference.ts';
import { criterion, fail, note, pass, unknown } from './criterion.ts';
import {
  fromOf,
  inImage,
  installedByApt,
  NOTHING,
  outsideBase,
  proposed,
  refusedAt,
} from './edit-text.ts';
import { findPrograms } from './installed-programs.ts';
import { criterionRule, type RuleCheck } from './lint-rule.ts';
import { addedImage, imagePlaces } from './outside-images.ts';
import { othersOn, purposeOf, PURPOSES } from './program-needs.ts';
import { checked, started } from './started-programs.ts';

/** The base of the final stage, as far as anything names it. */
interface NamedBase {
  /** `scratch`, or the image as it is written. */
  readonly text: string;
  readonly source: EvidenceSource;
  readonly line?: number;
}

const BASE_NAME = 'org.opencontainers.image.base.name';

/** The final stage's base, from the built Dockerfile, the images the build used, or annotations. */
function namedBase(build: Fact<BuildFact>, image: Fact<ImageFact>): NamedBase | undefined {
  if (build.known) {
    const { dockerfile, images } = build.value;
    const [stage] = dockerfile.known ? stageChain(dockerfile.value) : [];
    const line = stage?.range.startLine;
    const { source } = dockerfile.known ? dockerfile : build;
    if (stage?.base.kind === 'scratch') return { text: 'scratch', source, ...given({ line }) };
    if (stage?.base.kind === 'image' && stage.base.image.reference !== undefined)
      return { text: stage.base.image.text, source, ...given({ line }) };
    const used = images.known ? images.value.find(({ role }) => role === 'base') : undefined;
    if (images.known && used !== undefined)
      return {
        text: used.text,
        source: images.source,
        ...given({ line: used.range?.startLine }),
      };
  }
  if (!image.known) return undefined;
  const { index, manifest, labels } = image.value.annotations;
  const text = manifest[BASE_NAME] ?? index[BASE_NAME] ?? labels[BASE_NAME] ?? '';
  return text === '' ? undefined : { text, source: 'image' };
}

/** A family of minimal base images, by repository, and by tag if only some tags are minimal. */
interface MinimalBase {
  readonly name: string;
  /** Matches `REGISTRY/REPOSITORY`, whole. */
  readonly repository: RegExp;
  readonly tag?: RegExp;
  /** Tags of the family that are not minimal: such a base fails, whatever it counts. */
  readonly except?: RegExp;
  /** The family's os-release ids; an image of another system does not use it, whatever it says. */
  readonly systems?: readonly string[];
  readonly reason: string;
}

/**
 * More OS packages than this are a whole system, whatever base they were put on. The largest
 * programs take a slim base to 250 (chromium) and 287 (ffmpeg); the development packages that full
 * official images are built on, to 448.
 */
const SYSTEM_PACKAGES = 400;

/**
 * An image whose base the table does not name is minimal up to this many OS packages. Images with
 * one run-time or server have fewer (80 to 115 on Debian 13). Those with a tool chain or a system
 * have more (133 and up). scripts/criteria-rules.ts has the counts.
 */
const PACKAGE_LIMIT = 120;

/**
 * Two lines a row: name, os-release ids and reason; then the repository, tags that count and tags
 * that do not. A dash is none.
 */
const TABLE = String.raw`
distroless | debian | contains a run-time and its libraries; “debug” tags add busybox
  gcr\.io/distroless/.+ | - | (?:^|-)debug(?:-|$)
Chainguard | wolfi chainguard | Wolfi packages of one application; “-dev” tags add a shell and apk
  cgr\.dev/[^/]+/.+ | - | (?:^|-)dev$
Docker Hardened Images | - | packages of one application; “-dev” tags add a shell and a package manager
  dhi\.io/.+ | - | (?:^|-)dev$
alpine | alpine | about 15 packages around musl and busybox
  docker\.io/library/alpine
busybox | - | one binary
  docker\.io/library/busybox
official slim variants | debian ubuntu ol | official images on debian:*-slim, without what the full variant draws in
  docker\.io/library/[^/]+ | (?:^|-)slim(?:-|$)
official alpine variants | alpine | official images on alpine
  docker\.io/library/[^/]+ | (?:^|-)alpine(?:[\d.]*)(?:-|$)
UBI micro and minimal | rhel | Red Hat’s bases without dnf, or with microdnf only
  registry\.(?:access\.)?redhat\.(?:com|io)/ubi\d+/ubi-(?:micro|minimal)
UBI micro and minimal | rhel | the same by their older names
  registry\.(?:access\.)?redhat\.(?:com|io)/ubi\d+-(?:micro|minimal)
SUSE BCI micro and minimal | - | SUSE’s bases without zypper
  registry\.suse\.com/(?:suse/)?(?:sle15/)?bci/bci-(?:micro|minimal)
Azure Linux and Mariner distroless | azurelinux mariner | Microsoft’s distroless images
  mcr\.microsoft\.com/(?:azurelinux|cbl-mariner)/distroless/.+
.NET chiselled, distroless and alpine | - | run-time only, on a minimal base
  mcr\.microsoft\.com/dotnet/(?:aspnet|runtime|runtime-deps) | (?:chiseled|distroless|alpine)
Fedora minimal | fedora | microdnf and little else
  (?:registry\.fedoraproject\.org|quay\.io/fedora)/fedora-minimal
Amazon Linux minimal | amzn | microdnf and little else
  (?:public\.ecr\.aws/amazonlinux|docker\.io/library)/amazonlinux | (?:^|-)minimal(?:-|$)
`;

export const MINIMAL_BASES: readonly MinimalBase[] = TABLE.trim()
  .split(/\n(?! )/)
  .map((row): MinimalBase => {
    const [name = '', ids = '', reason = '', repository = '', tag, except] = row.split(/ \| |\n +/);
    const pattern = (text = '-'): RegExp | undefined =>
      text === '-' ? undefined : new RegExp(text);
    return {
      name,
      reason: reason.replace(/[“”]/g, '`'),
      repository: new RegExp(`^${repository}$`),
      ...given({ tag: pattern(tag), except: pattern(except) }),
      ...(ids !== '-' && { systems: ids.split(' ') }),
    };
  });

/** Docker's own copy of the official images on another registry. */
const COPY = /^public\.ecr\.aws\/docker\/library\//;

/**
 * The family that names this base, and whether this is one of its tags that are not minimal;
 * undefined where the table does not know it. The name decides whole: `evil/alpine` is not
 * `alpine`.
 */
function minimalBase(
  reference: ImageReference,
): { readonly family: MinimalBase; readonly excepted: boolean } | undefined {
  const name = `${reference.registry}/${reference.repository}`.replace(COPY, 'docker.io/library/');
  const tag = reference.tag ?? '';
  const family = MINIMAL_BASES.find(
    (base) => base.repository.test(name) && (base.tag === undefined || base.tag.test(tag)),
  );
  return family === undefined ? undefined : { family, excepted: family.except?.test(tag) ?? false };
}

/** More files or programs than a hand-made root has: a missing package record was deleted. */
const FILES_OF_A_SYSTEM = 1000;
const PROGRAMS_OF_A_SYSTEM = 100;
/** The same where a package manager is there: alpine, the smallest with one, has about 500. */
const FILES_WITH_A_MANAGER = 100;
const PROGRAM_FOLDERS = /^(?:nix\/store\/[^/]+\/|usr\/)?s?bin\/[^/]+$/;

const isOsPackage = ({ type }: Package): boolean => isSystemType(type);

function baseEvidence(base: NamedBase | undefined): Evidence[] {
  if (base === undefined)
    return [note('neither Dockerfile, provenance nor annotations name the base')];
  const { text: reference, line } = base;
  const detail = `base of the final stage${line === undefined ? '' : `, line ${line}`}`;
  return [{ kind: 'image', reference, detail, ...given({ line }) }];
}

/** What shows a whole system where no package is recorded. */
function systemWithoutRecord(filesystem: FilesystemFact): string | undefined {
  const { osRelease, fileCount, executables } = filesystem;
  if (osRelease !== undefined && fileCount > FILES_OF_A_SYSTEM)
    return `${fileCount} files of ${osRelease.id}`;
  const manager = findPrograms(filesystem, 'package-managers').find(
    ({ file, entry }) => entry.kind === 'OS package managers' && file.multicall === undefined,
  );
  if (manager !== undefined && fileCount > FILES_WITH_A_MANAGER)
    return `a package manager, ${manager.file.path}`;
  let programs = 0;
  for (const { path, type, multicall } of executables)
    if (type === 'file' && multicall === undefined && PROGRAM_FOLDERS.test(path)) programs += 1;
  return programs > PROGRAMS_OF_A_SYSTEM
    ? `${programs} programs in the system’s folders`
    : undefined;
}

function byPackages(filesystem: FilesystemFact, os: number, evidence: Evidence[]): Verdict {
  const shown = [...evidence, note(`${quantity(os, 'OS package')}, limit ${PACKAGE_LIMIT}`)];
  const options = { source: 'image' as const };
  if (os > 0)
    return os <= PACKAGE_LIMIT
      ? pass(`${os} OS packages, at most ${PACKAGE_LIMIT}`, shown, options)
      : fail(`${os} OS packages, more than ${PACKAGE_LIMIT}`, shown, options);
  const system = systemWithoutRecord(filesystem);
  return system === undefined
    ? pass('no OS packages', shown, options)
    : unknown(`${system}, but no record of packages`, NAME_THE_DOCKERFILE, shown);
}

export const minimalBaseImage = criterion({
  id: 'minimal-base',
  title: 'Minimal base image',
  vector: 'minimalism',
  level: 1,
  spec: '#use-a-minimal-base-image',
  why: 'Whatever the base contains and the program does not need can be attacked, has to be updated, and is reported by scanners.',
  needs: ['filesystem', 'packages'],
  uses: ['build', 'image'],
  decidedBy:
    'The base of the final stage passes when the table of minimal bases names it. The ' +
    'Dockerfile that was built or its provenance names the base; annotations count against the ' +
    'image alone. ARGs and stage names are resolved, and the whole name counts. A variant that the table ' +
    'excepts fails. Otherwise the number of OS packages in the image decides: at most ' +
    `${PACKAGE_LIMIT}. That applies to a base that the table does not name, to scratch with ` +
    'a system unpacked on it, and to a base that nothing names. An image without OS packages ' +
    'passes. The image itself has the last word. If its os-release is of another system, the ' +
    `image does not use the base that it claims. More than ${SYSTEM_PACKAGES} OS packages ` +
    'are a whole system on any base. The answer is unknown where files, programs or a ' +
    'package manager show a system but no package is recorded.',
  check: ({ filesystem, packages, build, image }) => {
    const base = namedBase(build, image);
    const evidence = baseEvidence(base);
    const os = packages.filter(isOsPackage).length;
    if (base?.text === 'scratch' && os === 0 && systemWithoutRecord(filesystem) === undefined)
      return pass('scratch', evidence, { source: base.source });
    const reference = base === undefined ? undefined : parseReference(base.text);
    const known = reference?.ok === true ? minimalBase(reference.value) : undefined;
    if (base === undefined || base.text === 'scratch' || known === undefined)
      return byPackages(filesystem, os, evidence);
    const { family, excepted } = known;
    // An image names any base: that cannot make it better than its packages.
    if (base.source === 'image' && !excepted) return byPackages(filesystem, os, evidence);
    const id = filesystem.osRelease?.id;
    if (id !== undefined && known.family.systems?.includes(id) === false) {
      const other = `os-release says ${id}, so the image does not use ${base.text}`;
      return byPackages(filesystem, os, [...evidence, note(other)]);
    }
    const options = { source: base.source };
    const why = [...evidence, note(family.reason)];
    if (excepted) return fail(`${base.text} is not a minimal image`, why, options);
    const counted = note(`${quantity(os, 'OS package')} in the image`);
    return os > SYSTEM_PACKAGES
      ? fail(`${os} OS packages, a whole system on ${base.text}`, [...evidence, counted], options)
      : pass(`${base.text}: ${family.name}`, [...why, counted], options);
  },
  remedies: [
    {
      title: 'Use a minimal base image',
      detail:
        'Use a distroless, Chainguard, Alpine or -slim image (or scratch for a static binary) and install only what the app needs.',
      example: 'FROM debian:trixie-slim',
    },
    {
      title: 'Name the base image that was used',
      detail:
        'Without a Dockerfile, provenance or base annotations the packages of the whole image are counted. Give the Dockerfile with --file, or have the build ' +
        'state the base as `org.opencontainers.image.base.name`.',
      example: NAME_THE_DOCKERFILE,
    },
  ],
});

/** Checks the base in the table of minimal bases; only official unlisted images get an info. */
const check: RuleCheck = ({ finalStages }) => {
  const base = finalStages[0]?.base;
  const reference = base?.kind === 'image' ? base.image.reference : undefined;
  if (base?.kind !== 'image' || reference === undefined) return [];
  const { text, range } = base.image;
  const found = minimalBase(reference);
  if (found !== undefined)
    return found.excepted
      ? [{ range, message: `${text} is not a minimal image: ${found.family.reason}` }]
      : [];
  if (reference.registry !== 'docker.io' || !reference.repository.startsWith('library/')) return [];
  const message = `${text} is not among the minimal bases: the packages of the built image decide`;
  return [{ range, message, severity: 'info' }];
};

export const minimalBaseRule = criterionRule(minimalBaseImage, {
  bad: 'FROM gcr.io/distroless/base-debian13:debug\n',
  good: 'FROM gcr.io/distroless/base-debian13:nonroot\n',
  check,
});

/** Official images with a slim variant, and the commonly called programs that the variant lacks. */
const CLIENTS = ['curl', 'wget', 'git', 'hg', 'svn', 'ssh', 'unzip', 'make', 'patch'];
const COMPILERS = ['gcc', 'g++', 'cc', 'c++', 'autoconf', 'automake'];
const LACKS = lookup<readonly string[]>({
  node: [...CLIENTS, ...COMPILERS, 'python', 'python3', 'node-gyp'],
  python: [...CLIENTS, ...COMPILERS],
  ruby: [...CLIENTS, ...COMPILERS, 'bundle', 'bundler', 'gem', 'rake', 'rails'],
  perl: [...CLIENTS, ...COMPILERS, 'cpanm', 'cpan'],
  rust: CLIENTS,
  debian: [],
});
/** A version or a release, with nothing that says which variant. */
const WHOLE = /^(\d[\d.]*|latest|bullseye|bookworm|trixie|stable)(-(?:bullseye|bookworm|trixie))?$/;

/** The slim variant of an image, by the same version; undefined where there is none. */
function slimOf(reference: ImageReference): ImageReference | undefined {
  const name = fileName(reference.repository);
  const found = WHOLE.exec(reference.tag ?? 'latest');
  if (LACKS[name] === undefined || found === null) return undefined;
  const [, version = '', release = ''] = found;
  const { digest, ...unpinned } = reference;
  // By its digest alone it is not known which variant it is.
  if (digest !== undefined && reference.tag === undefined) return undefined;
  // The newest Debian has no slim variant under its own name.
  if (version === 'latest') return name === 'debian' ? undefined : { ...unpinned, tag: 'slim' };
  return { ...unpinned, tag: `${version}-slim${release}` };
}

/** Images that the rule may put into this Dockerfile, whose digests are to be known. */
export function slimImages(
  input: Pick<FixInput, 'model' | 'imageStages'>,
): readonly ImageReference[] {
  const reference = outsideBase(input)?.reference;
  return [(reference && slimOf(reference)) ?? []].flat();
}

/** Where a RUN, the start command or a script calls a program that the slim variant lacks. */
function callerOf(lacking: readonly string[], input: FixInput): string | undefined {
  const installed = installedByApt(input);
  const missing = new Set(lacking.filter((name) => !installed.has(name)));
  for (const { keyword, instruction, line } of inImage(input)) {
    if (keyword !== 'RUN') continue;
    if (instruction.shellError !== undefined) return `line ${line} cannot be read`;
    for (const { words } of instruction.commands) {
      const name = posix.basename(words[0]?.value ?? '');
      if (missing.has(name)) return `line ${line} calls ${name}`;
    }
  }
  const called = [started(input), checked(input)].flatMap((run) => run.called);
  const found = called.find(({ name }) => missing.has(name));
  return found === undefined ? undefined : `${found.by} calls ${found.name}`;
}

function plan(input: FixInput): FixPlan {
  const from = fromOf(input, input.imageStages[0] ?? 0);
  const reference = outsideBase(input)?.reference;
  const slim = reference && slimOf(reference);
  if (from === undefined || reference === undefined || slim === undefined) return NOTHING;
  const place = imagePlaces(input).find(({ line }) => line === from.line);
  if (place === undefined || place.text.includes('$')) return NOTHING;
  const base = fileName(reference.repository);
  const name = `${base}:${slim.tag ?? ''}`;
  const refused = (reason: string): FixPlan => refusedAt(from, `the base stays whole: ${reason}`);
  const added = addedImage(formatReference(slim), input);
  if (!added.ok) return refused(added.error);
  const caller = callerOf(LACKS[base] ?? [], input);
  if (caller !== undefined) return refused(`${caller}, which ${name} does not have`);
  const purpose = purposeOf(input);
  if (purpose !== 'service') return refused(PURPOSES[purpose]);
  if (othersOn(input, input.imageStages)) return refused('other stages use it');
  // A digest may be one that `pin-images` added since this was advised.
  const parts = [reference.tag, reference.digest].filter((part) => part !== undefined);
  const tail = parts.reduce((length, part) => length + 1 + part.length, 0);
  const digest = added.value.slice(added.value.indexOf('@'));
  return proposed(from, {
    key: 'base',
    title: `Use ${name}`,
    why: 'The full image includes compilers, headers and clients that your app does not use',
    risk: 'medium',
    riskReason:
      'packages that compile code at installation fail, and programs that are called without notice are missing; ' +
      (reference.digest === undefined
        ? ''
        : 'it is the variant of today, not of the pinned day; ') +
      'check with --verify',
    meets: ['minimal-base'],
    edits: [{ start: place.end - tail, end: place.end, text: `:${slim.tag ?? ''}${digest}` }],
  });
}

export const slimBase: FixRule = {
  id: 'slim-base',
  title: 'Use the slim variant of the base',
  criterion: 'minimal-base',
  needs: ['digests', 'bases'],
  plan,
};
