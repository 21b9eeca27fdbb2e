import { reproducible } from '../../src/criteria/attested.ts';
import { known, unknownFact } from '../../src/model/facts.ts';
import { judgesAs } from './criterion-table.ts';
import { factsOf } from './facts-builder.ts';

judgesAs(reproducible, [
  {
    name: 'a second build done now',
    facts: factsOf({
      reproduction: known({ reproducible: true, statedBy: 'this-run', differences: 0 }, 'build'),
    }),
    outcome: 'pass',
    says: 'same digest',
    source: 'build',
  },
  {
    name: 'a verified attestation',
    facts: factsOf({
      reproduction: known(
        { reproducible: true, statedBy: 'verified-attestation', differences: 0 },
        'verified-attestation',
      ),
    }),
    outcome: 'pass',
    says: 'same digest',
    source: 'verified-attestation',
  },
  {
    name: 'the second build differs',
    facts: factsOf({
      reproduction: known({ reproducible: false, statedBy: 'this-run', differences: 3 }, 'build'),
    }),
    outcome: 'fail',
    says: '3 places',
  },
  {
    name: 'nobody built twice',
    facts: factsOf({ reproduction: unknownFact('no second build was made') }),
    outcome: 'unknown',
    says: 'no second build',
    settle: 'scoville reproduce --attest -t IMAGE .',
  },
]);
