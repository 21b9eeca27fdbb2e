import { scanCriterion } from '../shared/verdict/scan-criterion.ts';

export const noKnownCves = scanCriterion(
  {
    id: 'no-known-cves',
    level: 5,
    spec: '#no-cves',
    why: 'An image without any known vulnerability needs no triage, and each new one stands out.',
  },
  undefined,
);
