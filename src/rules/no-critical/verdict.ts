import { scanCriterion } from '../shared/verdict/scan-criterion.ts';

export const noCritical = scanCriterion(
  {
    id: 'no-critical',
    level: 2,
    spec: '#no-critical',
    why: 'Attackers use published vulnerabilities first: an exploit for a critical one is often public within days.',
  },
  'critical',
);
