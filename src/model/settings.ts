import type { SettingOrigin } from './key-scheme.ts';
import type { Grade } from './scorecard.ts';

/** A criterion whose failure passes the gate, with the reason; never changes the score. */
export interface Waiver {
  readonly criterion: string;
  readonly reason: string;
  /** YYYY-MM-DD; an expired waiver is an error. */
  readonly expires?: string;
}

/** In the order of use: those that read the image, then those that read a package list. */
export const SCANNERS = ['grype', 'trivy', 'docker-scout', 'osv', 'database'] as const;
export type ScannerName = (typeof SCANNERS)[number];
export const SCANNER_CHOICES = ['auto', ...SCANNERS, 'none'] as const;

/** A keyless signer: subject and issuer, each as text or pattern. */
interface TrustedIdentity {
  readonly subject?: string;
  readonly subjectPattern?: string;
  readonly issuer?: string;
  readonly issuerPattern?: string;
}

type SignatureFormat = 'auto' | 'bundle' | 'legacy' | 'both';

interface RegistrySettings {
  /** It speaks HTTP without TLS. */
  readonly plainHttp?: boolean;
  /** Host that may receive our password, besides those of its own domain. */
  readonly tokenServer?: string;
}

/** How own layers become reproducible. `deterministic`: aggressive, with equal inputs for RUNs. */
export type ReproMode = 'safe' | 'aggressive' | 'deterministic' | 'off';

/** Your own sigstore: addresses, and files by absolute path. */
export interface SigstoreChoice {
  readonly fulcioUrl?: string;
  readonly rekorUrl?: string;
  readonly tsaUrl?: string;
  readonly oidcIssuer?: string;
  readonly signingConfig?: string;
  readonly trustedRoot?: string;
}

/** `.scoville.yaml` with defaults. See docs/configuration.md. */
export interface Settings {
  /** The file of each setting. */
  readonly origins: readonly SettingOrigin[];
  /** Settings that their files may not set. */
  readonly ignored: readonly { readonly file: string; readonly settings: readonly string[] }[];
  readonly image: {
    readonly title?: string;
    readonly description?: string;
    readonly authors?: string;
    readonly vendor?: string;
    readonly licenses?: string;
    readonly source?: string;
    readonly url?: string;
    readonly documentation?: string;
    readonly version?: string;
    readonly annotations: Readonly<Record<string, string>>;
  };
  readonly secrets: {
    readonly use: 'none' | 'by-file' | undefined;
    readonly files: readonly string[];
    /** What the app takes from the environment, where `by-file` was declared. */
    readonly contradicted?: { readonly name: string; readonly place: string };
  };
  readonly sign: {
    readonly enabled: boolean;
    /** File, KMS URI or PKCS#11 URI. */
    readonly key?: string;
    /** A project's file names a key that only a person may name: without theirs, no build. */
    readonly refusedKey?: string;
    readonly keyless: boolean;
    /** `bundle`: sigstore bundle as a referrer; `legacy`: tag of cosign up to 2; `both`. */
    readonly format: SignatureFormat;
    /** Names, addresses and private repositories may go into a public log. */
    readonly publicLog: boolean;
  } & SigstoreChoice;
  readonly attest: {
    readonly sbom: readonly ('cyclonedx' | 'spdx')[];
    readonly provenance: boolean;
    readonly verdict: boolean;
    /** Absolute paths of profiles. */
    readonly seccomp?: string;
    readonly apparmor?: string;
  };
  readonly reproducible: {
    readonly mode: ReproMode;
    /**
     * What RUNs see under `deterministic`: the recorded time, or a clock that starts there in each
     * program.
     */
    readonly clock: 'frozen' | 'running';
    /** The recorded time, RFC 3339; default: that of the first build. */
    readonly start?: string;
    readonly oneProcessor: boolean;
    readonly oneFileTime: boolean;
    readonly sortedFolders: boolean;
    readonly temporaryNames: boolean;
    readonly sameAddresses: boolean;
    /** Seed for RUNs' random numbers; default: from the kernel. */
    readonly seed?: number;
    readonly pin: boolean;
    /** Path patterns of files to remove from the layers, or to empty. */
    readonly drop: readonly string[];
    readonly empty: readonly string[];
    /**
     * Path patterns, each with the time for matching entries: `epoch`, or an RFC 3339 day or time
     * in UTC.
     */
    readonly time: Readonly<Record<string, string>>;
  };
  readonly gate: {
    readonly minLevel?: number;
    readonly minGrade?: Grade;
    readonly waivers: readonly Waiver[];
  };
  readonly trust: {
    readonly images: readonly string[];
    readonly keys: readonly string[];
    readonly identities: readonly TrustedIdentity[];
    /** Absolute path of a file. */
    readonly trustedRoot?: string;
    /** Base images that need a verified signature: names or patterns. */
    readonly bases: readonly string[];
  };
  readonly fix: {
    /** Registry and folder of the distroless images that `scoville fix` uses. */
    readonly distroless: string;
  };
  /** Write `scoville.lock` if there is not one yet. */
  readonly lock: boolean;
  /** Network requests of a build. */
  readonly hermetic: 'off' | 'record' | 'replay';
  readonly recentDays: number;
  readonly registries: Readonly<Record<string, RegistrySettings>>;
  readonly scanner: (typeof SCANNER_CHOICES)[number];
  readonly osv: {
    /** Base address of the OSV API, `https://api.osv.dev` or a mirror. */
    readonly url: string;
    /** Base address of its exports, or of a mirror. */
    readonly exports: string;
  };
  /** Age in days up to which a vulnerability database can prove that none are known. */
  readonly databaseDays: number;
  /** Grading uses no network. */
  readonly offline: boolean;
  /** VEX documents: OpenVEX or CycloneDX files. */
  readonly vex: readonly string[];
  readonly ui: {
    /** After a build typed at a prompt: offer a review of its findings, or end. */
    readonly after: 'end' | 'review';
  };
}

/** The registry settings, plus plain HTTP for those on the command line. */
export function withPlainHttp(
  registries: Settings['registries'],
  hosts: readonly string[],
): Settings['registries'] {
  const plain = hosts.map((host) => [host, { ...registries[host], plainHttp: true }] as const);
  return { ...registries, ...Object.fromEntries(plain) };
}
