import { ownValue } from '../lib/json.ts';
import type { BuildAnalysis } from './build-analysis.ts';
import type { DockerfileModel, SourceRange } from './dockerfile.ts';
import type { Annotations, ImageConfig, Manifest, Platform } from './image.ts';
import type { OsRelease, Package } from './packages.ts';
import type { Digest } from './reference.ts';
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

/** A secret's place; `masked` shows at most its first four characters. */
export interface SecretFinding {
  readonly rule: string;
  readonly masked: string;
  /** The same for the same value; not shown. */
  readonly mark?: string;
  readonly where: 'layer' | 'env' | 'label' | 'annotation' | 'config' | 'history' | 'provenance';
  readonly path?: string;
  /** The member of an archive that holds it, archives within it divided by `!/`. */
  readonly inside?: string;
  /** What the file is called holds it; it is masked in `path`. */
  readonly inName?: true;
  readonly layer?: Digest;
  readonly line?: number;
  /** Line of the Dockerfile that brought it, where that is known. */
  readonly dockerfileLine?: number;
  /** Byte of the file where it begins, instead of a line: in programs, or far into a large file. */
  readonly offset?: number;
  /** The file is gone from the final filesystem, but its layer still holds it. */
  readonly deleted?: boolean;
}

/** What looks like a secret and is set aside by a rule, which says why. */
export interface SuppressedSecret extends SecretFinding {
  readonly reason: string;
}

/** Something that the search for secrets did not read to its end. */
export interface SecretGap {
  readonly path: string;
  readonly reason: string;
}

/** Secrets of documents, and what of those was not read. */
export interface FoundSecrets {
  readonly findings: readonly SecretFinding[];
  readonly gaps: readonly SecretGap[];
}

export interface SecretsFact {
  readonly findings: readonly SecretFinding[];
  readonly scannedFiles: number;
  /** Published tests and documentation, by rule: counted and shown, never dropped. */
  readonly suppressed?: readonly SuppressedSecret[];
  /** What was checked only in part, or not at all: what was not found may be there. */
  readonly gaps?: readonly SecretGap[];
  /** Gaps that are not listed. */
  readonly moreGaps?: number;
  /** How many contents are packed in a way that is not opened, by that way. */
  readonly unopened?: Readonly<Record<string, number>>;
  /** Why not every layer was checked, where that is so: what was not found may be there. */
  readonly incomplete?: string;
}

/** What Go takes for space around a line. */
const SPACE = '[\\t-\\r \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]';
const AROUND = new RegExp(`^${SPACE}+|(?<!${SPACE})${SPACE}+$`, 'g');
const LARGEST = 2n ** 63n - 1n;
/** The kernel's uids are 32 bit; run-times take 31. */
const LARGEST_UID = 2_147_483_647;

/**
 * Names to uids from etc/passwd, as engines read it (moby/sys/user, not passwd(5)): space around a
 * line does not count, `#` is part of a name, a uid that is missing or not a number is 0, and of a
 * number the lower 32 bits count. The first line of a name decides. Names that are not UTF-8 are
 * left out: engines compare bytes, and a text of which bytes became U+FFFD is not what they
 * compare.
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

/** The uid that a container starts with, or why an engine does not start it. */
type RunsAs =
  | { readonly kind: 'uid'; readonly uid: number; readonly by: 'default' | 'number' | 'name' }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'missing'; readonly name: string };

/**
 * Who a USER is, a group behind it left out: a number of 64 bits is a uid, whatever names
 * etc/passwd has, all else is a name. Uids over 31 bits and below 0 are refused, names without a
 * line are missing.
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

/** Where a build put something, by the command or instruction that did. */
interface Left {
  readonly path: string;
  readonly range: SourceRange;
  /** Why nobody can tell from the Dockerfile whether the image has it. */
  readonly open?: string;
}

/** A file that a build leaves with the setuid or setgid bit, or with capabilities. */
export interface ElevatedFile extends Left {
  /** `setuid bit`, `setgid bit`, `capabilities`. */
  readonly bits: string;
}

/** What is known of a file in a layer. */
export type LeftContent =
  | { readonly kind: 'text'; readonly text: string }
  /** What a secret mount of the build holds, by its id. */
  | { readonly kind: 'secret'; readonly mount: string }
  /** A file or folder of the build context, without the files that are gone again. */
  | {
      readonly kind: 'context';
      readonly source: string;
      readonly without: readonly string[];
    };

/** A file, or a folder of the context, in a layer of the image. */
export interface LeftFile extends Left {
  readonly content: LeftContent;
}

/** What the commands of a build leave in the image, as far as the Dockerfile shows it. */
export interface LeftBehind {
  /** In any layer: what a later one deletes is still there. */
  readonly files: readonly LeftFile[];
  /** In the final filesystem. */
  readonly elevated: readonly ElevatedFile[];
  /** Uids of the users that the build makes, by name. */
  readonly users: ReadonlyMap<string, number>;
  /** True where all users of the image are among them. */
  readonly allUsers: boolean;
}
