import type { Vector } from '../model/criterion.ts';

/** The vectors as the specification's summary table heads them. */
export const VECTOR_NAMES: Readonly<Record<Vector, string>> = {
  minimalism: 'Minimalism',
  provenance: 'Provenance',
  configuration: 'Configuration & Metadata',
  vulnerabilities: 'Vulnerabilities',
};
