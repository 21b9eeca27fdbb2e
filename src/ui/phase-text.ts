import type { Part, Phase } from '../model/events.ts';

/** What a person reads for a phase while it runs. */
export const PHASE_LABEL: Readonly<Record<Phase, string>> = {
  plan: 'plan',
  open: 'open',
  build: 'build',
  normalise: 'normalize',
  prove: 'prove',
  compare: 'compare',
  inspect: 'inspect',
  verify: 'verify',
  attest: 'sign and attest',
  grade: 'grade',
  gate: 'gate',
  load: 'load into Docker',
  push: 'push',
  copy: 'copy',
};

/** The short names of a checklist. */
export const STEP_LABEL: Readonly<Record<Phase | Part, string>> = {
  ...PHASE_LABEL,
  attest: 'attest',
  load: 'load',
  sbom: 'SBOM',
  sign: 'sign',
  scan: 'scan',
};
