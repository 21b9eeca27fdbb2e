import { recentlyUpdated } from '../../src/criteria/recently-updated.ts';
import { type BuildFact, known } from '../../src/model/facts.ts';
import { PREDICATE_TYPE } from '../../src/model/statement.ts';
import { judgesAs } from './criterion-table.ts';
import {
  attestation,
  attestations,
  build,
  declared,
  factsOf,
  image,
  NOW,
} from './facts-builder.ts';

const at = (days: number) => new Date(NOW - days * 86_400_000).toISOString();
const of = (created: string | undefined, given?: Partial<BuildFact>, maxAgeDays = 30) =>
  factsOf({
    image: image(created === undefined ? {} : { created }),
    declarations: known(declared({ maxAgeDays }), 'build'),
    ...(given === undefined ? {} : { build: build(given) }),
  });

/** An image of `created` with provenance that nobody signed and that ended `finished` days ago. */
const unsigned = (
  created: string,
  finished: number,
  rest: object = { contradicts: 'it does not fit' },
  predicate: unknown = { runDetails: { metadata: { finishedOn: at(finished) } } },
) =>
  factsOf({
    image: image({ created }),
    declarations: known(declared({ maxAgeDays: 30 }), 'build'),
    attestations: attestations(
      attestation(PREDICATE_TYPE.slsaProvenanceV1, predicate, {
        verification: 'unverified',
        ...rest,
      }),
    ),
  });

judgesAs(recentlyUpdated, [
  [
    'fail',
    'unsigned provenance that ended long ago counts, though created is of yesterday',
    unsigned(at(1), 200),
    '200 days ago',
    { source: 'unverified-attestation' },
  ],
  [
    'fail',
    'so does the older form of it',
    unsigned(at(1), 0, {}, { metadata: { buildFinishedOn: at(90) } }),
    '90 days ago',
  ],
  [
    'fail',
    'and one that states only when it started',
    unsigned(at(1), 0, {}, { runDetails: { metadata: { startedOn: at(90) } } }),
    '90 days ago',
  ],
  [
    'fail',
    'unsigned provenance of today makes no old image new',
    unsigned(at(200), 0, {}),
    '200 days ago',
    { source: 'image' },
  ],
  [
    'unknown',
    'nor one whose created says nothing',
    unsigned('1970-01-01T00:00:00Z', 0, {}),
    'older than container images',
  ],
  [
    'unknown',
    'nor one that a build fact was read from',
    {
      ...of('1970-01-01T00:00:00Z'),
      build: known(
        { ...(build({ finishedAt: at(0) }) as { value: BuildFact }).value },
        'unverified-attestation',
      ),
    },
    'older than container images',
  ],
  [
    'pass',
    'a recent unsigned one leaves created as it is',
    unsigned(at(2), 3, {}),
    '2 days ago',
    { source: 'image' },
  ],
  [
    'pass',
    'about another image',
    unsigned(at(2), 200, { subjects: ['sha256:' + '0'.repeat(64)] }),
    '2 days ago',
  ],
  [
    'pass',
    'finish time of the provenance',
    of(undefined, { finishedAt: at(0) }),
    'built today',
    { source: 'build' },
  ],
  [
    'pass',
    'provenance wins over an old created',
    of('1970-01-01T00:00:00Z', { finishedAt: at(1) }),
    '1 day ago',
  ],
  [
    'fail',
    'provenance wins over a fresh created',
    of(at(1), { finishedAt: at(40) }),
    '40 days ago',
  ],
  ['pass', 'created alone', of(at(5)), '5 days ago', { source: 'image' }],
  ['pass', 'exactly at the limit', of(at(30)), '30 days ago'],
  ['fail', 'past it', of(at(31)), '31 days ago, more than 30'],
  ['fail', 'another limit', of(at(10), undefined, 7), 'more than 7'],
  ['unknown', 'ok- epoch 0 is no age', of('1970-01-01T00:00:00Z'), 'older than container images'],
  ['unknown', 'ok- the year 1 is no age', of('0001-01-01T00:00:00Z'), 'older than'],
  [
    'unknown',
    'created equals the epoch',
    of(at(100), { epoch: (NOW - 100 * 86_400_000) / 1000 }),
    'SOURCE_DATE_EPOCH',
  ],
  [
    'pass',
    'created behind the epoch',
    of(at(3), { epoch: (NOW - 100 * 86_400_000) / 1000 }),
    '3 days ago',
  ],
  ['unknown', 'in the future', of(at(-5)), 'future'],
  ['unknown', 'not a timestamp', of('yesterday'), 'not a timestamp'],
  ['pass', 'a malformed finish time falls back', of(at(2), { finishedAt: 'soon' }), '2 days ago'],
  ['unknown', 'nothing says', of(undefined), 'nothing says'],
  ['unknown', 'image not read', factsOf(), 'not gathered'],
]);
