import { ownValue } from '../lib/json.ts';
import type { BuildAnalysis } from './build-analysis.ts';
import type { DockerfileModel, SourceRange } from './dockerfile.ts';
import type { Annotations, ImageConfig, Manifest, Platform } from './image.ts';
import type { OsRelease, Package } from './packages.ts';
import type { Digest } from './reference.ts';
import type { SignatureOrigin } from './signature-origin.ts';
import type { FoundAttestation } from './statement.ts';

/** A known fact, or why it is unknown, with the one command or flag that would decide it. */
export type Fact<T> =
  | { readonly known: true; readonly value: T; readonly source: EvidenceSource }
  | { readonly known: false; readonly reason: string; readonly settle?: string };

/** Best first. */
export type EvidenceSource =
  'build' | 'verified-attestation' | 'unverified-attestation' | 'image' | 'dockerfile' | 'scanner';

export function known<T>(value: T, source: EvidenceSource): Fact<T> {
  return { known: true, value, source };
}

/** The command that shows how an image was built, for each fact and criterion about its build. */
export const NAME_THE_DOCKERFILE = 'scoville grade --file Dockerfile IMAGE';

export function unknownFact(
  reason: string,
  settle?: string,
): { readonly known: false; readonly reason: string; readonly settle?: string } {
  return settle === undefined ? { known: false, reason } : { known: false, reason, settle };
}

/** What a file is, by its first bytes where it is executable. */
export type ExecutableKind = 'elf' | 'script' | 'macho' | 'pe' | 'unknown';

/** What a file is besides its path; many files of a layer share these. */
export interface FileAttributes {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly executable?: ExecutableKind;
  /** Names of multi-call programs in its content: `busybox`, `toybox`. */
  readonly multicall?: string;
  /** The shell that its content is: `bash`, `dash`. */
  readonly shell?: string;
  /** File capabilities by name, `cap_net_bind_service+ep` form. */
  readonly capabilities?: readonly string[];
}

/** A file of the final filesystem that a criterion may need. Paths have no leading slash. */
export interface FileFact extends FileAttributes {
  readonly path: string;
  readonly type: 'file' | 'symlink' | 'hardlink';
  readonly size: number;
  /**
   * For symlinks: the resolved path inside the image; undefined if it dangles or loops. A target in
   * /proc, /dev or /sys exists only at run time: then the link's text, and a note that it may be
   * any program.
   */
  readonly resolved?: string;
  readonly layer: Digest;
}

/** The final filesystem, whiteouts applied. */
export interface FilesystemFact {
  /**
   * Executable regular files, and symlinks (resolved) to one, perhaps only at run time; by path.
   */
  readonly executables: readonly FileFact[];
  /** Regular files with setuid, setgid or capabilities. */
  readonly elevated: readonly FileFact[];
  readonly has: (path: string) => boolean;
  /** Files of a language's package manager itself (`usr/lib/node_modules/npm/package.json`). */
  readonly managerFiles: readonly FileFact[];
  /** Name to uid from etc/passwd; undefined without that file. */
  readonly passwd: Readonly<Record<string, number>> | undefined;
  readonly osRelease: OsRelease | undefined;
  readonly fileCount: number;
}

export interface ImageFact {
  readonly platform: Platform;
  readonly manifestDigest: Digest;
  /** The index that lists the manifest. */
  readonly indexDigest?: Digest;
  readonly config: ImageConfig;
  readonly manifest: Manifest;
  readonly annotations: {
    readonly index: Annotations;
    readonly manifest: Annotations;
    readonly labels: Annotations;
  };
}

/** An outside image that the build used, with its digest. */
export interface UsedImage {
  readonly text: string;
  readonly digest?: Digest;
  /** The Dockerfile contains the digest. */
  readonly pinnedInDockerfile: boolean;
  /** This build, or a lock file, enforced the digest. */
  readonly pinnedByBuild: boolean;
  readonly role: 'base' | 'build-stage' | 'copy-from' | 'mount-from' | 'frontend' | 'build-context';
  readonly range?: SourceRange;
  /** The publisher whose signature on this image was verified. */
  readonly signedBy?: string;
}

export interface BuildFact {
  readonly dockerfile: Fact<DockerfileModel>;
  readonly images: Fact<readonly UsedImage[]>;
  /** Real finish time, RFC 3339, from this build or its provenance. */
  readonly finishedAt?: string;
  /** SOURCE_DATE_EPOCH of the build, seconds. */
  readonly epoch?: number;
  /** Installs and downloads of the Dockerfile; absent where no Dockerfile is known. */
  readonly analysis?: BuildAnalysis;
  /** All that a replay gave to RUNs: address to digest in the lock; absent where unknown. */
  readonly replayed?: ReadonlyMap<string, string>;
  /** Why a replay of this Dockerfile does not count, and what helps. */
  readonly pastProxy?: string;
}

export interface SignatureFact {
  readonly kind: 'cosign-bundle' | 'cosign-tag' | 'notation';
  readonly verification: 'verified' | 'unverified' | 'failed';
  /** Key or identity. */
  readonly verifiedBy?: string;
  readonly digest?: Digest;
  readonly detail?: string;
  /** Identity in the certificate, log entry and time. */
  readonly origin?: SignatureOrigin;
}

export interface AttestationsFact {
  readonly signatures: readonly SignatureFact[];
  readonly attestations: readonly FoundAttestation[];
  /** Why some places could not be asked: more attestations may exist. */
  readonly incomplete?: string;
  /** What would make it complete. */
  readonly settle?: string;
  /** Unsigned entries of the index; an engine may run them. */
  readonly unsigned?: string;
}

/** The worst first. */
export const SEVERITIES = ['critical', 'high', 'medium', 'low', 'negligible', 'unknown'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** Rank by which findings are sorted: 0 is the worst. */
export function severityRank(severity: Severity): number {
  return SEVERITIES.indexOf(severity);
}

/** One CVE in one package; several records of one CVE are merged. */
export interface Vulnerability {
  /** The CVE, else the database's id. */
  readonly id: string;
  readonly severity: Severity;
  readonly package: string;
  readonly version: string;
  /** The nearest version with the fix. */
  readonly fixedIn?: string;
  /** All versions with the fix, one per release branch, if several. */
  readonly fixedVersions?: readonly string[];
  /** Other names of the same vulnerability: GHSA, distribution advisories. */
  readonly aliases?: readonly string[];
  /** Where to read about it, http or https. */
  readonly url?: string;
  /** Source of the severity: `debian`, `ghsa`, `nvd`, `CVSS 3.1`. */
  readonly severitySource?: string;
  /** File of the image that records the package. */
  readonly path?: string;
  readonly purl?: string;
}

/** A vulnerability that a VEX statement suppresses. */
export interface SuppressedVulnerability {
  readonly vulnerability: Vulnerability;
  readonly status: 'not_affected' | 'fixed' | 'false_positive';
  readonly justification?: string;
  /** Last day of the statement, YYYY-MM-DD. */
  readonly until?: string;
  /** The document: a file, or the digest of a verified attestation. */
  readonly source: string;
}

export interface VulnerabilitiesFact {
  readonly scanner: string;
  readonly scannerVersion: string;
  /** Date of the scanner's database, RFC 3339. */
  readonly databaseDate?: string;
  /** After VEX. */
  readonly vulnerabilities: readonly Vulnerability[];
  readonly suppressedByVex: number;
  /** Suppressed by VEX. */
  readonly suppressed?: readonly SuppressedVulnerability[];
  /** Why nothing was scanned: date and empty result then mean nothing. */
  readonly notScanned?: string;
  /** Why parts were not scanned: with any, an empty result proves nothing. */
  readonly gaps?: readonly string[];
  /** Set where CVEs have no severity in any record, so may be of any: what to do about it. */
  readonly unrated?: string;
  /** What a reader should know too: another scanner failed, a VEX document matched nothing. */
  readonly notices?: readonly string[];
}

/** Result of a second, uncached build. */
export interface ReproductionFact {
  readonly reproducible: boolean;
  readonly statedBy: 'this-run' | 'verified-attestation';
  readonly differences: number;
}

/** Declarations by the author in the image's configuration. */
export interface DeclarationsFact {
  readonly secrets: 'none' | 'by-file' | undefined;
  readonly secretFiles: readonly string[];
  /** A secret that the app takes from the environment, where `by-file` was declared. */
  readonly contradicted?: { readonly name: string; readonly place: string };
  readonly trustedImages: readonly string[];
  readonly maxAgeDays: number;
  /** Present time, milliseconds since 1970; passed in, never read. */
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

/** A secret's place; `masked` shows at most its first four characters. */
export interface SecretFinding {
  readonly rule: string;
  readonly masked: string;
  /** Equal for equal values; not shown. */
  readonly mark?: string;
  readonly where: 'layer' | 'env' | 'label' | 'annotation' | 'config' | 'history' | 'provenance';
  readonly path?: string;
  /** The archive member with the secret; nested archives are separated by `!/`. */
  readonly inside?: string;
  /** The secret is in the file's name, masked in `path`. */
  readonly inName?: true;
  readonly layer?: Digest;
  readonly line?: number;
  /** Line of the Dockerfile that added it. */
  readonly dockerfileLine?: number;
  /** Byte offset in the file, instead of a line: in programs, or far into a large file. */
  readonly offset?: number;
  /** Deleted in the final filesystem, but still in its layer. */
  readonly deleted?: boolean;
  /** The package that the file is of, as its record says. */
  readonly package?: Pick<Package, 'type' | 'name' | 'version'>;
  /** Of the whole file, in hexadecimal, where the archive of its package may contain the same. */
  readonly sha256?: string;
  /** Why it was not compared with what its package publishes, or that it differs. */
  readonly unpublished?: string;
}

/** What looks like a secret, but a rule explains it. */
export interface SuppressedSecret extends SecretFinding {
  readonly reason: string;
}

/** Something that the secret search did not read to its end. */
export interface SecretGap {
  readonly path: string;
  readonly reason: string;
}

/** Secrets in documents, and what was not read. */
export interface FoundSecrets {
  readonly findings: readonly SecretFinding[];
  readonly gaps: readonly SecretGap[];
}

export interface SecretsFact {
  readonly findings: readonly SecretFinding[];
  readonly scannedFiles: number;
  /** In published tests and documentation, by rule: counted and shown, never dropped. */
  readonly suppressed?: readonly SuppressedSecret[];
  /** What was checked only in part, or not at all: it may have more. */
  readonly gaps?: readonly SecretGap[];
  /** Gaps beyond those listed. */
  readonly moreGaps?: number;
  /** How many contents have a packing that we do not open, by packing. */
  readonly unopened?: Readonly<Record<string, number>>;
  /** Why some layers were not checked: they may have more. */
  readonly incomplete?: string;
}

/** Go's white space around a line. */
const SPACE = '[\\t-\\r \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]';
const AROUND = new RegExp(`^${SPACE}+|(?<!${SPACE})${SPACE}+$`, 'g');
const LARGEST = 2n ** 63n - 1n;
/** The kernel's uids are 32 bit; run-times take 31. */
const LARGEST_UID = 2_147_483_647;

/**
 * Names to uids from etc/passwd, as engines read it (moby/sys/user, not passwd(5)). Space around a
 * line is ignored, and `#` is part of a name. A missing or invalid uid is 0; of a number, the lower
 * 32 bits count. The first line of a name decides. Names that are not UTF-8 are left out: engines
 * compare bytes.
 */
export function parsePasswd(text: string): Readonly<Record<string, number>> {
  const users = new Map<string, number>();
  for (const line of text.split('\n')) {
    const [name = '', , uid = ''] = line.replace(AROUND, '').split(':');
    if (name !== '' && !name.includes('\ufffd') && !users.has(name)) users.set(name, parseUid(uid));
  }
  return Object.fromEntries(users);
}

function parseUid(text: string): number {
  const value = wholeNumber(text);
  if (value === undefined) return 0;
  const held = value > LARGEST ? LARGEST : value < -LARGEST - 1n ? -LARGEST - 1n : value;
  return Number(BigInt.asUintN(32, held));
}

/** A decimal number as engines read it (Go's Atoi): with or without a sign, nothing else. */
function wholeNumber(text: string): bigint | undefined {
  return /^[+-]?\d{1,4096}$/.test(text) ? BigInt(text.replace(/^\+/, '')) : undefined;
}

/** The uid of a container's program, or why an engine does not start it. */
type RunsAs =
  | { readonly kind: 'uid'; readonly uid: number; readonly by: 'default' | 'number' | 'name' }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'missing'; readonly name: string };

/**
 * Resolves a USER, ignoring a group. A number of 64 bits is a uid, whatever names etc/passwd has;
 * all else is a name. Uids over 31 bits or below 0 are refused; names without a line are missing.
 */
export function runsAs(user: string, passwd: Readonly<Record<string, number>> = {}): RunsAs {
  const name = user.split(':')[0] ?? '';
  if (name === '') return { kind: 'uid', uid: 0, by: 'default' };
  const number = wholeNumber(name);
  const isUid = number !== undefined && number <= LARGEST && number >= -LARGEST - 1n;
  const uid = isUid ? Number(number) : ownValue(passwd, name);
  if (uid === undefined) return { kind: 'missing', name };
  if (uid > LARGEST_UID || uid < 0) {
    const reason = isUid ? `${name} is not a valid uid` : `${name} does not have a valid uid`;
    return { kind: 'refused', reason };
  }
  return { kind: 'uid', uid, by: isUid ? 'number' : 'name' };
}

/** What a build put somewhere, and the command or instruction. */
interface Left {
  readonly path: string;
  readonly range: SourceRange;
  /** Why the Dockerfile does not show whether the image has it. */
  readonly open?: string;
}

/** A file that a build leaves with the setuid or setgid bit, or with capabilities. */
interface ElevatedFile extends Left {
  /** `setuid bit`, `setgid bit`, `capabilities`. */
  readonly bits: string;
}

export type LeftContent =
  | { readonly kind: 'text'; readonly text: string }
  /** A secret mount of the build, by its id. */
  | { readonly kind: 'secret'; readonly mount: string }
  /** A file or folder of the build context. */
  | { readonly kind: 'context'; readonly source: string };

/** A file, or a folder of the context, in a layer of the image. */
export interface LeftFile extends Left {
  readonly content: LeftContent;
}

/** What the build's commands leave in the image, as far as the Dockerfile shows. */
export interface LeftBehind {
  /** In any layer, also if a later one deletes it. */
  readonly files: readonly LeftFile[];
  /** In the final filesystem. */
  readonly elevated: readonly ElevatedFile[];
  /** Uids of the users that the build makes, by name. */
  readonly users: ReadonlyMap<string, number>;
  /** True if `users` has all users of the image. */
  readonly allUsers: boolean;
}
