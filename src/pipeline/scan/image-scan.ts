import type { ImageContent } from '../../facts/image-facts.ts';
import type { VexImage } from '../../facts/vex/vex-match.ts';
import type { VexDocument } from '../../facts/vex/vex-statement.ts';
import type { Settings } from '../../model/settings.ts';
import type { RecordCache } from '../../tools/osv/osv.ts';

export interface ImageScan {
  readonly scanner: Settings['scanner'];
  /** Folder of an OCI layout with this image alone, if any; else its packages are looked up. */
  readonly layoutDir?: string;
  readonly content: Pick<ImageContent, 'packages' | 'filesystem' | 'unreadablePackages'>;
  /** Its digests and names, by which VEX statements know it. */
  readonly image: VexImage;
  readonly vex: readonly VexDocument[];
  /** Uses no network. */
  readonly offline: boolean;
  readonly osvUrl: string;
  readonly cache: RecordCache;
  /** Folder of the databases of advisories on this machine. */
  readonly databases: string;
  /** Age in days up to which a database can say that nothing is known. */
  readonly databaseDays: number;
}
