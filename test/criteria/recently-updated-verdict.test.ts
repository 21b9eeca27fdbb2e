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
  {
    name: 'unsigned provenance that ended long ago counts, though created is of yesterday',
    facts: unsigned(at(1), 200),
    outcome: 'fail',
    says: '200 days ago',
    source: 'unverified-attestation',
  },
  {
    name: 'so does the older form of it',
    facts: unsigned(at(1), 0, {}, { metadata: { buildFinishedOn: at(90) } }),
    outcome: 'fail',
    says: '90 days ago',
  },
  {
    name: 'and one that states only when it started',
    facts: unsigned(at(1), 0, {}, { runDetails: { metadata: { startedOn: at(90) } } }),
    outcome: 'fail',
    says: '90 days ago',
  },
  {
    name: 'unsigned provenance of today makes no old image new',
    facts: unsigned(at(200), 0, {}),
    outcome: 'fail',
    says: '200 days ago',
    source: 'image',
  },
  {
    name: 'nor one whose created says nothing',
    facts: unsigned('1970-01-01T00:00:00Z', 0, {}),
    outcome: 'unknown',
    says: 'older than container images',
  },
  {
    name: 'nor one that a build fact was read from',
    facts: {
      ...of('1970-01-01T00:00:00Z'),
      build: known(
        { ...(build({ finishedAt: at(0) }) as { value: BuildFact }).value },
        'unverified-attestation',
      ),
    },
    outcome: 'unknown',
    says: 'older than container images',
  },
  {
    name: 'a recent unsigned one leaves created as it is',
    facts: unsigned(at(2), 3, {}),
    outcome: 'pass',
    says: '2 days ago',
    source: 'image',
  },
  {
    name: 'about another image',
    facts: unsigned(at(2), 200, { subjects: ['sha256:' + '0'.repeat(64)] }),
    outcome: 'pass',
    says: '2 days ago',
  },
  {
    name: 'finish time of the provenance',
    facts: of(undefined, { finishedAt: at(0) }),
    outcome: 'pass',
    says: 'built today',
    source: 'build',
  },
  {
    name: 'provenance wins over an old created',
    facts: of('1970-01-01T00:00:00Z', { finishedAt: at(1) }),
    outcome: 'pass',
    says: '1 day ago',
  },
  {
    name: 'provenance wins over a fresh created',
    facts: of(at(1), { finishedAt: at(40) }),
    outcome: 'fail',
    says: '40 days ago',
  },
  { name: 'created alone', facts: of(at(5)), outcome: 'pass', says: '5 days ago', source: 'image' },
  { name: 'exactly at the limit', facts: of(at(30)), outcome: 'pass', says: '30 days ago' },
  { name: 'past it', facts: of(at(31)), outcome: 'fail', says: '31 days ago, more than 30' },
  { name: 'another limit', facts: of(at(10), undefined, 7), outcome: 'fail', says: 'more than 7' },
  {
    name: 'ok- epoch 0 is no age',
    facts: of('1970-01-01T00:00:00Z'),
    outcome: 'unknown',
    says: 'older than container images',
  },
  {
    name: 'ok- the year 1 is no age',
    facts: of('0001-01-01T00:00:00Z'),
    outcome: 'unknown',
    says: 'older than',
  },
  {
    name: 'created equals the epoch',
    facts: of(at(100), { epoch: (NOW - 100 * 86_400_000) / 1000 }),
    outcome: 'unknown',
    says: 'SOURCE_DATE_EPOCH',
  },
  {
    name: 'created behind the epoch',
    facts: of(at(3), { epoch: (NOW - 100 * 86_400_000) / 1000 }),
    outcome: 'pass',
    says: '3 days ago',
  },
  { name: 'in the future', facts: of(at(-5)), outcome: 'unknown', says: 'future' },
  { name: 'not a timestamp', facts: of('yesterday'), outcome: 'unknown', says: 'not a timestamp' },
  {
    name: 'a malformed finish time falls back',
    facts: of(at(2), { finishedAt: 'soon' }),
    outcome: 'pass',
    says: '2 days ago',
  },
  { name: 'nothing says', facts: of(undefined), outcome: 'unknown', says: 'nothing says' },
  { name: 'image not read', facts: factsOf(), outcome: 'unknown', says: 'not gathered' },
]);
