import type { ImageReference } from '../model/reference.ts';

/** A family of minimal base images: by repository, and by tag where only some of its tags are minimal. */
export interface MinimalBase {
  readonly name: string;
  /** Matches `REGISTRY/REPOSITORY`, whole. */
  readonly repository: RegExp;
  readonly tag?: RegExp;
  /** Tags of the family that are not minimal. */
  readonly except?: RegExp;
  readonly reason: string;
}

/**
 * An image whose base the table does not name is minimal up to this many OS packages.
 * Counted on Debian 13: minbase 78, with curl and ca-certificates 103, minbase with python3 92, with nodejs 93, with a headless Java
 * run-time 88; `important` 144, `standard` 240. The limit stands between what holds a run-time and what holds a system.
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
    reason: 'holds a run-time and its libraries; `debug` tags add busybox',
  },
  {
    name: 'Chainguard',
    repository: /^cgr\.dev\/[^/]+\/.+$/,
    except: DEV,
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
    reason: 'official images on debian:*-slim, without what the full variant draws in',
  },
  {
    name: 'official alpine variants',
    repository: OFFICIAL,
    tag: ALPINE,
    reason: 'official images on alpine',
  },
  {
    name: 'UBI micro and minimal',
    repository: /^registry\.(?:access\.)?redhat\.(?:com|io)\/ubi\d+\/ubi-(?:micro|minimal)$/,
    reason: 'Red Hat’s bases without dnf, or with microdnf only',
  },
  {
    name: 'UBI micro and minimal',
    repository: /^registry\.(?:access\.)?redhat\.(?:com|io)\/ubi\d+-(?:micro|minimal)$/,
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
    reason: 'microdnf and little else',
  },
  {
    name: 'Amazon Linux minimal',
    repository: /^(?:public\.ecr\.aws\/amazonlinux|docker\.io\/library)\/amazonlinux$/,
    tag: /(?:^|-)minimal(?:-|$)/,
    reason: 'microdnf and little else',
  },
];

/** The entry that names this base, or undefined. The name decides whole: `evil/alpine` is not `alpine`. */
export function minimalBase(reference: ImageReference): MinimalBase | undefined {
  const repository = `${reference.registry}/${reference.repository}`;
  const tag = reference.tag ?? '';
  return MINIMAL_BASES.find(
    (base) =>
      base.repository.test(repository) &&
      (base.tag === undefined || base.tag.test(tag)) &&
      !(base.except?.test(tag) ?? false),
  );
}
