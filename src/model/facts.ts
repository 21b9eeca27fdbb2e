import type { BuildAnalysis } from './build-analysis.ts';
import type { Digest } from './digest.ts';
import type { DockerfileModel, SourceRange } from './dockerfile.ts';
import type { ImageConfig, Manifest, Platform, Annotations } from './oci.ts';
import type { OsRelease, Package } from './packages.ts';
import type { SecretsFact } from './secret-facts.ts';
import type { SignatureOrigin } from './signature-origin.ts';
import type { FoundAttestation } from './statement.ts';

/** A known fact, or why it is not known, with the one command or flag that would decide it. */
export type Fact<T> =
  | { readonly known: true; readonly value: T; readonly source: EvidenceSource }
  | { readonly known: false; readonly reason: string; readonly settle?: string };

/** Where evidence comes from, best first. */
export type EvidenceSource =
  'build' | 'verified-attestation' | 'unverified-attestation' | 'image' | 'dockerfile' | 'scanner';

export function known<T>(value: T, source: EvidenceSource): Fact<T> {
  return { known: true, value, source };
}

/** What shows how an image was built; each fact and criterion about its build says the same. */
export const NAME_THE_DOCKERFILE = 'scoville grade --file Dockerfile IMAGE';

export function unknownFact(
  reason: string,
  settle?: string,
): { readonly known: false; readonly reason: string; readonly settle?: string } {
  return settle === undefined ? { known: false, reason } : { known: false, reason, settle };
}

/** What a file is, by its first bytes where it is executable. */
export type ExecutableKind = 'elf' | 'script' | 'macho' | 'pe' | 'unknown';

/** A file of the final filesystem that a criterion may care for. Paths have no leading slash. */
export interface FileFact {
  readonly path: string;
  readonly type: 'file' | 'symlink' | 'hardlink';
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  /**
   * For symlinks: the path inside the image it leads to, resolved; undefined where it dangles or
   * loops. Where only a running container has what it leads to (/proc, /dev, /sys) the link's text,
   * and that it leads out of the image: it may be any program.
   */
  readonly resolved?: string;
  readonly layer: Digest;
  /** For executable regular files. */
  readonly executable?: ExecutableKind;
  /** Names of multi-call programs that its content shows: `busybox`, `toybox`. */
  readonly multicall?: string;
  /** The shell that its content shows it to be: `bash`, `dash`. */
  readonly shell?: string;
  /** File capabilities by name, `cap_net_bind_service+ep` form. */
  readonly capabilities?: readonly string[];
}

/** The final filesystem, whiteouts applied. */
export interface FilesystemFact {
  /** Executable regular files and symlinks (resolved) to one, perhaps only at run time, by path. */
  readonly executables: readonly FileFact[];
  /** Regular files with setuid, setgid or capabilities. */
  readonly elevated: readonly FileFact[];
  /** True where a path exists in the final filesystem. */
  readonly has: (path: string) => boolean;
  /** Files of a language's package manager itself (`usr/lib/node_modules/npm/package.json`). */
  readonly managerFiles: readonly FileFact[];
  /** name to uid from etc/passwd; undefined where the image has none. */
  readonly passwd: Readonly<Record<string, number>> | undefined;
  readonly osRelease: OsRelease | undefined;
  readonly fileCount: number;
}

export interface ImageFact {
  readonly platform: Platform;
  readonly manifestDigest: Digest;
  /** The index that lists the manifest, where there is one. */
  readonly indexDigest?: Digest;
  readonly config: ImageConfig;
  readonly manifest: Manifest;
  /** Annotations of index and manifest, and the config's labels, each apart. */
  readonly annotations: {
    readonly index: Annotations;
    readonly manifest: Annotations;
    readonly labels: Annotations;
  };
}

/** An image that the build took from outside, with the digest that was used. */
export interface UsedImage {
  readonly text: string;
  readonly digest?: Digest;
  /** True where the Dockerfile spells the digest. */
  readonly pinnedInDockerfile: boolean;
  /** True where this build, or a lock file, enforced the digest. */
  readonly pinnedByBuild: boolean;
  readonly role: 'base' | 'build-stage' | 'copy-from' | 'mount-from' | 'frontend' | 'build-context';
  /** Where the Dockerfile names it. */
  readonly range?: SourceRange;
  /** The publisher whose signature on this image was verified. */
  readonly signedBy?: string;
}

/** How the image was built. */
export interface BuildFact {
  readonly dockerfile: Fact<DockerfileModel>;
  readonly images: Fact<readonly UsedImage[]>;
  /** Real finish time, RFC 3339, from this build or its provenance. */
  readonly finishedAt?: string;
  /** SOURCE_DATE_EPOCH of the build, seconds. */
  readonly epoch?: number;
  /** Installs and downloads of the Dockerfile; absent where no Dockerfile is known. */
  readonly analysis?: BuildAnalysis;
  /** All that RUNs got from a replay: address to digest in the lock; absent where not known. */
  readonly replayed?: ReadonlyMap<string, string>;
}

export interface SignatureFact {
  readonly kind: 'cosign-bundle' | 'cosign-tag' | 'notation';
  readonly verification: 'verified' | 'unverified' | 'failed';
  /** Key or identity it was checked against. */
  readonly verifiedBy?: string;
  readonly digest?: Digest;
  readonly detail?: string;
  /** Who signed by a certificate, where that is logged, and when. */
  readonly origin?: SignatureOrigin;
}

export interface AttestationsFact {
  readonly signatures: readonly SignatureFact[];
  readonly attestations: readonly FoundAttestation[];
  /** Why not every place could be asked, where that is so: what was not found may be there. */
  readonly incomplete?: string;
  /** What would have every place asked, where something would. */
  readonly settle?: string;
  /** What the index lists without a signature here, where there is such: an engine may run it. */
  readonly unsigned?: string;
}

/** The worst first. */
export const SEVERITIES = ['critical', 'high', 'medium', 'low', 'negligible', 'unknown'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** Rank by which findings are sorted: 0 is the worst. */
export function severityRank(severity: Severity): number {
  return SEVERITIES.indexOf(severity);
}

/** One CVE in one package: of several records that mean the same, one. */
export interface Vulnerability {
  /** The CVE where there is one, else the id that the database gives. */
  readonly id: string;
  readonly severity: Severity;
  readonly package: string;
  readonly version: string;
  /** The version to go to: the nearest that carries the fix. */
  readonly fixedIn?: string;
  /** All versions that carry it, one a release branch, where there are several. */
  readonly fixedVersions?: readonly string[];
  /** Other names of the same vulnerability: GHSA, distribution advisories. */
  readonly aliases?: readonly string[];
  /** Where to read about it, http or https. */
  readonly url?: string;
  /** Whose word the severity is: `debian`, `ghsa`, `nvd`, `CVSS 3.1`. */
  readonly severitySource?: string;
  /** File of the image that records the package. */
  readonly path?: string;
  readonly purl?: string;
}

/** A vulnerability that a VEX statement sets aside, and by whose word. */
export interface SuppressedVulnerability {
  readonly vulnerability: Vulnerability;
  readonly status: 'not_affected' | 'fixed' | 'false_positive';
  readonly justification?: string;
  /** The last day on which that counts, YYYY-MM-DD. */
  readonly until?: string;
  /** The document that says so: a file, or the digest of a verified attestation. */
  readonly source: string;
}

export interface VulnerabilitiesFact {
  readonly scanner: string;
  readonly scannerVersion: string;
  /** Date of the scanner's database, RFC 3339, where it states one. */
  readonly databaseDate?: string;
  /** After VEX. */
  readonly vulnerabilities: readonly Vulnerability[];
  readonly suppressedByVex: number;
  /** Those that VEX set aside. */
  readonly suppressed?: readonly SuppressedVulnerability[];
  /** Why there was nothing to ask the scanner about: its date and its silence then mean nothing. */
  readonly notScanned?: string;
  /** Why parts were not scanned, a reason each: if any, finding nothing proves nothing. */
  readonly gaps?: readonly string[];
  /**
   * There where the scan reads records itself: a CVE whose severity none of them states may be of
   * any. What to do about it.
   */
  readonly unrated?: string;
  /** What a reader should know beside: another scanner failed, a VEX document matched nothing. */
  readonly notices?: readonly string[];
}

/** What a second, uncached build showed. */
export interface ReproductionFact {
  readonly reproducible: boolean;
  readonly statedBy: 'this-run' | 'verified-attestation';
  readonly differences: number;
}

/** What the configuration says of the image, for criteria that the author declares. */
export interface DeclarationsFact {
  readonly secrets: 'none' | 'by-file' | undefined;
  readonly secretFiles: readonly string[];
  readonly trustedImages: readonly string[];
  readonly maxAgeDays: number;
  /** Present time, milliseconds since 1970; handed in, never read. */
  readonly now: number;
}

/** All facts by name; a criterion's `needs` names keys of this. */
export interface Facts {
  readonly image: Fact<ImageFact>;
  readonly filesystem: Fact<FilesystemFact>;
  readonly packages: Fact<readonly Package[]>;
  readonly secrets: Fact<SecretsFact>;
  readonly build: Fact<BuildFact>;
  readonly attestations: Fact<AttestationsFact>;
  readonly vulnerabilities: Fact<VulnerabilitiesFact>;
  readonly reproduction: Fact<ReproductionFact>;
  readonly declarations: Fact<DeclarationsFact>;
}
