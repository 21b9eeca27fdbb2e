import type { Digest } from './digest.ts';
import type { Scorecard } from './scorecard.ts';

export type Phase =
  | 'plan'
  | 'open'
  | 'build'
  | 'normalise'
  | 'prove'
  | 'compare'
  | 'inspect'
  | 'verify'
  | 'attest'
  | 'grade'
  | 'gate'
  | 'load'
  | 'push'
  | 'copy';

/** Steps within phases that a checklist shows by themselves; several may run beside each other. */
export const PARTS = ['sbom', 'sign', 'scan'] as const;
export type Part = (typeof PARTS)[number];

/** A build step as BuildKit's progress stream tells it. */
export interface BuildStep {
  readonly digest: string;
  readonly name: string;
  readonly state: 'started' | 'done' | 'cached' | 'failed';
  readonly seconds?: number;
  readonly error?: string;
}

/** What the pipeline tells a screen or a log; consumers switch over `kind`. */
export type PipelineEvent =
  /** What this run will do after its plan, in this order, as far as nothing stops it. */
  | { readonly kind: 'steps-planned'; readonly steps: readonly (Phase | Part)[] }
  | {
      readonly kind: 'part';
      readonly part: Part;
      readonly state: 'started' | 'done';
      /** What it works on, or what came of it. */
      readonly detail?: string;
      readonly seconds?: number;
    }
  | {
      readonly kind: 'phase-started';
      readonly phase: Phase;
      readonly detail?: string;
      /** Of what has to be read. */
      readonly bytes?: number;
    }
  | {
      readonly kind: 'phase-done';
      readonly phase: Phase;
      readonly detail: string;
      readonly seconds: number;
      readonly cached?: boolean;
    }
  | { readonly kind: 'phase-off'; readonly phase: Phase; readonly reason: string }
  | { readonly kind: 'build-step'; readonly step: BuildStep }
  | { readonly kind: 'build-log'; readonly step: string; readonly text: string }
  /** Bytes that a build step has moved, of all its downloads and uploads together. */
  | {
      readonly kind: 'step-transfer';
      readonly step: string;
      readonly done: number;
      readonly total: number;
    }
  | { readonly kind: 'build-warning'; readonly text: string }
  /** A line of the build as buildx' plain mode prints it, those of `raw` among them. */
  | { readonly kind: 'build-line'; readonly text: string }
  /** A line of BuildKit's own rawjson stream, where `--progress=rawjson` asked for it. */
  | { readonly kind: 'build-json'; readonly text: string }
  /** A line that buildx printed outside its progress: errors with the Dockerfile around them. */
  | { readonly kind: 'raw'; readonly text: string }
  | {
      readonly kind: 'transfer';
      readonly phase: 'load' | 'push' | 'copy' | 'normalise';
      readonly digest: Digest;
      readonly done: number;
      readonly total: number;
    }
  | {
      readonly kind: 'file-normalised';
      readonly layer: Digest;
      readonly path: string;
      readonly rule: string;
    }
  | { readonly kind: 'notice'; readonly text: string }
  | { readonly kind: 'warning'; readonly text: string; readonly nextStep?: string }
  | { readonly kind: 'scorecard'; readonly scorecard: Scorecard };

export type EventSink = (event: PipelineEvent) => void;
