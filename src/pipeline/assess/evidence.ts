import type { ImageContent } from '../../facts/image-facts.ts';
import type { VexDocument } from '../../facts/vex/vex-statement.ts';
import type {
  AttestationsFact,
  BuildFact,
  Fact,
  ReproductionFact,
  VulnerabilitiesFact,
} from '../../model/facts.ts';
import type { OpenedPlatform } from '../../model/opened-image.ts';

/** What is known of a platform before reading its layers: from its build or its attestations. */
export interface PlatformEvidence {
  readonly platform: OpenedPlatform;
  readonly build: Fact<BuildFact>;
  /** Build arguments in a provenance that everybody can read: searched for secrets. */
  readonly buildArgs: Readonly<Record<string, string>>;
  /** Predicates that are attached to the image: searched for secrets. */
  readonly predicates: readonly unknown[];
  /** VEX documents that apply to this platform. */
  readonly vex: readonly VexDocument[];
  /** How many of the lowest layers the base image brought, where that is known. */
  readonly baseLayers?: number;
  /** What a reader should know of where this comes from, one line each. */
  readonly notices?: readonly string[];
}

/** What a platform's layers contain. */
export interface Inspected {
  /** Unknown where a layer may not be handed out. */
  readonly content: Fact<ImageContent>;
  /** Layers that were read in this run; the facts of the others were in the cache. */
  readonly read: number;
}

export type InspectedPlatform = PlatformEvidence & Inspected;

/** What a scanner found in a platform. */
export interface Scanned {
  readonly vulnerabilities: Fact<VulnerabilitiesFact>;
}

/** All that a platform is judged by. */
export interface AssessedPlatform extends PlatformEvidence, Inspected, Scanned {
  readonly attestations: Fact<AttestationsFact>;
  /** Whether a second build gave the same image. */
  readonly reproduction: Fact<ReproductionFact>;
}
