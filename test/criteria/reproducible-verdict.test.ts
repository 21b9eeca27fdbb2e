import { reproducible } from '../../src/criteria/attested.ts';
import { known, unknownFact } from '../../src/model/facts.ts';
import { judgesAs } from './criterion-table.ts';
import { factsOf } from './facts-builder.ts';

judgesAs(reproducible, [
  [
    'pass',
    'a second build done now',
    factsOf({
      reproduction: known({ reproducible: true, statedBy: 'this-run', differences: 0 }, 'build'),
    }),
    'same digest',
    { source: 'build' },
  ],
  [
    'pass',
    'a verified attestation',
    factsOf({
      reproduction: known(
        { reproducible: true, statedBy: 'verified-attestation', differences: 0 },
        'verified-attestation',
      ),
    }),
    'same digest',
    { source: 'verified-attestation' },
  ],
  [
    'fail',
    'the second build differs',
    factsOf({
      reproduction: known({ reproducible: false, statedBy: 'this-run', differences: 3 }, 'build'),
    }),
    '3 places',
  ],
  [
    'unknown',
    'nobody built twice',
    factsOf({ reproduction: unknownFact('no second build was made') }),
    'no second build',
    { settle: 'scoville reproduce --attest -t IMAGE .' },
  ],
]);
