import { scanCriterion } from '../shared/verdict/scan-criterion.ts';

export const noMedium = scanCriterion(
  {
    id: 'no-medium',
    level: 4,
    spec: '#no-medium',
    why: 'Medium vulnerabilities are the steps between a first foothold and the host. Most go away with an update.',
  },
  'medium',
);
