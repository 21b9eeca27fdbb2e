import type { SettingOrigin } from './key-scheme.ts';
import type { Grade } from './scorecard.ts';

/** A criterion whose failure the gate lets through, with the reason; never changes the score. */
export interface Waiver {
  readonly criterion: string;
  readonly reason: string;
  /** YYYY-MM-DD; an expired waiver is an error. */
  readonly expires?: string;
}

/** In the order they are tried: those that read the image, then those that get a package list. */
export const SCANNERS = ['grype', 'trivy', 'docker-scout', 'osv', 'database'] as const;
export type ScannerName = (typeof SCANNERS)[number];
export const SCANNER_CHOICES = ['auto', ...SCANNERS, 'none'] as const;

/** A keyless signer: subject and issuer, each by text or by pattern. */
interface TrustedIdentity {
  readonly subject?: string;
  readonly subjectPattern?: string;
  readonly issuer?: string;
  readonly issuerPattern?: string;
}

type SignatureFormat = 'auto' | 'bundle' | 'legacy' | 'both';

/** What a person says of one registry. */
interface RegistrySettings {
  /** It speaks HTTP without TLS. */
  readonly plainHttp?: boolean;
  /** Host that it may have our password sent to, besides those of its own domain. */
  readonly tokenServer?: string;
}

/** How own layers become reproducible. `deterministic`: aggressive, with equal inputs for RUNs. */
export type ReproMode = 'safe' | 'aggressive' | 'deterministic' | 'off';

/** Your own sigstore, as settings and flags give it: addresses, and files by absolute path. */
export interface SigstoreChoice {
  readonly fulcioUrl?: string;
  readonly rekorUrl?: string;
  readonly tsaUrl?: string;
  readonly oidcIssuer?: string;
  readonly signingConfig?: string;
  readonly trustedRoot?: string;
}

/** `.scoville.yaml`, defaults filled in. docs/configuration.md describes each. */
export interface Settings {
  /** Where what is set in a file was set. */
  readonly origins: readonly SettingOrigin[];
  /** What files say and may not say here. */
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
  };
  readonly sign: {
    readonly enabled: boolean;
    /** File, KMS URI or PKCS#11 URI. */
    readonly key?: string;
    /** A project's file that names a key that a person alone may name: without theirs, no build. */
    readonly refusedKey?: string;
    readonly keyless: boolean;
    /** `bundle`: sigstore bundle as a referrer; `legacy`: tag that cosign up to 2 uses; `both`. */
    readonly format: SignatureFormat;
    /** Names, addresses and private repositories may be written into a public log. */
    readonly publicLog: boolean;
  } & SigstoreChoice;
  readonly attest: {
    readonly sbom: readonly ('cyclonedx' | 'spdx')[];
    readonly provenance: boolean;
    readonly verdict: boolean;
    /** Files of profiles, absolute. */
    readonly seccomp?: string;
    readonly apparmor?: string;
  };
  readonly reproducible: {
    readonly mode: ReproMode;
    /**
     * What RUNs see under `deterministic`: the recorded time throughout, or one that goes on from
     * there in each program.
     */
    readonly clock: 'frozen' | 'running';
    /** The recorded time, RFC 3339; that of the first build where not given. */
    readonly start?: string;
    /** Have RUNs use one processor. */
    readonly oneProcessor: boolean;
    readonly oneFileTime: boolean;
    readonly sortedFolders: boolean;
    readonly temporaryNames: boolean;
    readonly sameAddresses: boolean;
    /** Where random numbers of RUNs begin; drawn by the kernel where not given. */
    readonly seed?: number;
    readonly pin: boolean;
    /** Path patterns of files to leave out of the layers, or to empty. */
    readonly drop: readonly string[];
    readonly empty: readonly string[];
    /** Path patterns with the time of matching entries: `epoch`, or RFC 3339 day or time in UTC. */
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
    /** A file by its absolute path. */
    readonly trustedRoot?: string;
    /** Images that a build may use only where their signature verifies: names or patterns. */
    readonly bases: readonly string[];
  };
  readonly fix: {
    /** Registry and folder that hold the distroless images which `scoville fix` moves to. */
    readonly distroless: string;
  };
  /** Write `scoville.lock` where there is none. */
  readonly lock: boolean;
  /** What becomes of a build's requests to the network. */
  readonly hermetic: 'off' | 'record' | 'replay';
  readonly recentDays: number;
  readonly registries: Readonly<Record<string, RegistrySettings>>;
  readonly scanner: (typeof SCANNER_CHOICES)[number];
  readonly osv: {
    /** Base address of the OSV API, `https://api.osv.dev` or a mirror. */
    readonly url: string;
    /** Where its exports are fetched from: a base address, or a mirror's. */
    readonly exports: string;
  };
  /** Age in days up to which a database of vulnerabilities can say that none are known. */
  readonly databaseDays: number;
  /** Nothing is asked over the network for grading. */
  readonly offline: boolean;
  /** VEX documents: OpenVEX or CycloneDX files. */
  readonly vex: readonly string[];
  readonly ui: {
    /** After a build that was typed at a prompt: ask whether to look at its findings, or end. */
    readonly after: 'end' | 'review';
  };
}

/** The settings for registries, with those that a command line says speak HTTP without TLS. */
export function withPlainHttp(
  registries: Settings['registries'],
  hosts: readonly string[],
): Settings['registries'] {
  const plain = hosts.map((host) => [host, { ...registries[host], plainHttp: true }] as const);
  return { ...registries, ...Object.fromEntries(plain) };
}
