import { field } from '../lib/json.ts';
import type { FileAttributes, SecretFinding, SecretGap, SuppressedSecret } from '../model/facts.ts';
import type { Package } from '../model/packages.ts';
import type { Digest } from '../model/reference.ts';

/** Changes with LayerFacts in form or meaning: facts cached with another number are not read. */
export const FACTS_SCHEMA = 30;

/** Attributes of an entry for which a path is not enough. */
export interface PlaceAttributes extends FileAttributes {
  /** Of passwd, os-release, and what was asked for. */
  readonly text?: string;
  /** True where a hard link made it executable after its content had passed. */
  readonly unread?: boolean;
}

/** A package as its record states it; the purl needs the image's os-release and comes later. */
export interface RawPackage extends Omit<Package, 'purl' | 'location'> {
  /** Where in the file it is recorded, for archives in an archive. */
  readonly inside?: string;
}

/** Packages that one file of the layer records: a whole database, or one package. */
export interface PackageRecord {
  readonly path: string;
  readonly packages: readonly RawPackage[];
  /**
   * The distribution's package that brought the file, where a database of the same layer says so.
   */
  readonly owner?: string;
}

/** A file that records packages, or may, and could not be read in whole. */
export interface UnreadRecord {
  readonly path: string;
  readonly reason: string;
  readonly owner?: string;
}

export type LayerSecret = Pick<
  SecretFinding,
  'rule' | 'masked' | 'mark' | 'inside' | 'inName' | 'line' | 'offset' | 'sha256'
> & {
  readonly path: string;
  /** The file that records its package; of a distribution's, the package's name. */
  readonly record?: string;
};

/** A likely secret that, by a rule, is somebody's published test or documentation. */
export type SuppressedLayerSecret = LayerSecret & Pick<SuppressedSecret, 'reason'>;

export interface SecretFacts {
  readonly secrets: readonly LayerSecret[];
  readonly suppressedSecrets: readonly SuppressedLayerSecret[];
  readonly scannedFiles: number;
  /** Files of which not all was checked, and why; the first hundred, and how many more. */
  readonly secretGaps: readonly SecretGap[];
  readonly moreSecretGaps: number;
  /** How many contents are packed in a way that is not opened, by that way. */
  readonly unopenedFiles: Readonly<Record<string, number>>;
}

/** What one layer contains, as plain JSON; depends on nothing but its bytes. */
export interface LayerFacts extends SecretFacts {
  readonly schema: number;
  /** The places of the layer when it is unpacked alone, in one string: see `writePathList`. */
  readonly paths: string;
  /** What is known of places of note, by the number that `paths` gives. */
  readonly attributes: readonly PlaceAttributes[];
  /** True where engines show the same files only if other layers lie below. */
  readonly needsLower: boolean;
  readonly packages: readonly PackageRecord[];
  readonly unreadable: readonly UnreadRecord[];
  /**
   * Some files of each package, by its name in a distribution or the path of its record: code that
   * shows that it is there, whatever its record says by then. All of its programs are among them.
   */
  readonly files: Readonly<Record<string, readonly string[]>>;
  readonly licenses: Readonly<Record<string, readonly string[]>>;
  /** False where nobody looked for secrets: finding none then proves nothing. */
  readonly secretsScanned: boolean;
}

/** What is to be known of a layer besides what is known of each. */
export interface CloserLook {
  /** Of files of these sizes, text and program. */
  readonly sizes: readonly number[];
  /** Packages that these files record, by path, each read as what another path says. */
  readonly records: Readonly<Record<string, string>>;
}

/** A layer's facts with the digest of its blob, lowest layer first where they come in a list. */
export interface PlacedLayer {
  readonly digest: Digest;
  readonly facts: LayerFacts;
}

/** True where cached JSON is facts of this schema; its inside was written by us. */
export function isLayerFacts(value: unknown): value is LayerFacts {
  return field(value, 'schema') === FACTS_SCHEMA;
}
