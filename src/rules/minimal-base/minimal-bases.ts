import type { ImageReference } from '../../model/reference.ts';

/** A family of minimal base images, by repository, and by tag if only some tags are minimal. */
export interface MinimalBase {
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
export const SYSTEM_PACKAGES = 400;

/**
 * An image whose base the table does not name is minimal up to this many OS packages. The limit
 * stands between what holds one run-time or server (80 to 115 on Debian 13) and what holds a tool
 * chain or a system (133 and more); scripts/criteria-rules.ts has the counts.
 */
export const PACKAGE_LIMIT = 120;

const SLIM = /(?:^|-)slim(?:-|$)/;
const ALPINE = /(?:^|-)alpine(?:[\d.]*)(?:-|$)/;
const DEBUG = /(?:^|-)debug(?:-|$)/;
const DEV = /(?:^|-)dev$/;
const OFFICIAL = /^docker\.io\/library\/[^/]+$/;

export const MINIMAL_BASES: readonly MinimalBase[] = [
  {
    name: 'distroless',
    repository: /^gcr\.io\/distroless\/.+$/,
    except: DEBUG,
    systems: ['debian'],
    reason: 'contains a run-time and its libraries; `debug` tags add busybox',
  },
  {
    name: 'Chainguard',
    repository: /^cgr\.dev\/[^/]+\/.+$/,
    except: DEV,
    systems: ['wolfi', 'chainguard'],
    reason: 'Wolfi packages of one application; `-dev` tags add a shell and apk',
  },
  {
    name: 'Docker Hardened Images',
    repository: /^dhi\.io\/.+$/,
    except: DEV,
    reason: 'packages of one application; `-dev` tags add a shell and a package manager',
  },
  {
    name: 'alpine',
    repository: /^docker\.io\/library\/alpine$/,
    systems: ['alpine'],
    reason: 'about 15 packages around musl and busybox',
  },
  {
    name: 'busybox',
    repository: /^docker\.io\/library\/busybox$/,
    reason: 'one binary',
  },
  {
    name: 'official slim variants',
    repository: OFFICIAL,
    tag: SLIM,
    systems: ['debian', 'ubuntu', 'ol'],
    reason: 'official images on debian:*-slim, without what the full variant draws in',
  },
  {
    name: 'official alpine variants',
    repository: OFFICIAL,
    tag: ALPINE,
    systems: ['alpine'],
    reason: 'official images on alpine',
  },
  {
    name: 'UBI micro and minimal',
    repository: /^registry\.(?:access\.)?redhat\.(?:com|io)\/ubi\d+\/ubi-(?:micro|minimal)$/,
    systems: ['rhel'],
    reason: 'Red Hat’s bases without dnf, or with microdnf only',
  },
  {
    name: 'UBI micro and minimal',
    repository: /^registry\.(?:access\.)?redhat\.(?:com|io)\/ubi\d+-(?:micro|minimal)$/,
    systems: ['rhel'],
    reason: 'the same by their older names',
  },
  {
    name: 'SUSE BCI micro and minimal',
    repository: /^registry\.suse\.com\/(?:suse\/)?(?:sle15\/)?bci\/bci-(?:micro|minimal)$/,
    reason: 'SUSE’s bases without zypper',
  },
  {
    name: 'Azure Linux and Mariner distroless',
    repository: /^mcr\.microsoft\.com\/(?:azurelinux|cbl-mariner)\/distroless\/.+$/,
    systems: ['azurelinux', 'mariner'],
    reason: 'Microsoft’s distroless images',
  },
  {
    name: '.NET chiselled, distroless and alpine',
    repository: /^mcr\.microsoft\.com\/dotnet\/(?:aspnet|runtime|runtime-deps)$/,
    tag: /(?:chiseled|distroless|alpine)/,
    reason: 'run-time only, on a minimal base',
  },
  {
    name: 'Fedora minimal',
    repository: /^(?:registry\.fedoraproject\.org|quay\.io\/fedora)\/fedora-minimal$/,
    systems: ['fedora'],
    reason: 'microdnf and little else',
  },
  {
    name: 'Amazon Linux minimal',
    repository: /^(?:public\.ecr\.aws\/amazonlinux|docker\.io\/library)\/amazonlinux$/,
    tag: /(?:^|-)minimal(?:-|$)/,
    systems: ['amzn'],
    reason: 'microdnf and little else',
  },
];

/** Docker's own copy of the official images on another registry. */
const COPY = /^public\.ecr\.aws\/docker\/library\//;

/**
 * The family that names this base, and whether this is one of its tags that are not minimal;
 * undefined where the table does not know it. The name decides whole: `evil/alpine` is not
 * `alpine`.
 */
export function minimalBase(
  reference: ImageReference,
): { readonly family: MinimalBase; readonly excepted: boolean } | undefined {
  const name = `${reference.registry}/${reference.repository}`.replace(COPY, 'docker.io/library/');
  const tag = reference.tag ?? '';
  const family = MINIMAL_BASES.find(
    (base) => base.repository.test(name) && (base.tag === undefined || base.tag.test(tag)),
  );
  return family === undefined ? undefined : { family, excepted: family.except?.test(tag) ?? false };
}
