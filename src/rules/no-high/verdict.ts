import { scanCriterion } from '../shared/verdict/scan-criterion.ts';

export const noHigh = scanCriterion(
  {
    id: 'no-high',
    level: 3,
    spec: '#no-high',
    why: 'A vulnerability of high severity often gives an attacker the container, and is usually fixed in a newer version.',
  },
  'high',
);
