import { field } from '../lib/json.ts';
import { quantity } from '../lib/text.ts';
import { DAY_MS } from '../lib/time.ts';
import type { Verdict } from '../model/criterion.ts';
import type {
  AttestationsFact,
  BuildFact,
  EvidenceSource,
  Fact,
  ImageFact,
} from '../model/facts.ts';
import { attested, textField, trustIn } from './attested.ts';
import { configEvidence, criterion, fail, note, pass, unknown } from './criterion.ts';

/** RFC 3339, section 5.6: date, time and offset, all of them. */
const RFC3339 =
  /^(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2}):(\d{2})(?:\.\d+)?(?:[Zz]|[+-]\d{2}:\d{2})$/;

/** Milliseconds since 1970 of an RFC 3339 timestamp; undefined if it or its date is invalid. */
export function parseTimestamp(text: string): number | undefined {
  const match = RFC3339.exec(text);
  if (match === null) return undefined;
  const day = Number(match[3]);
  const lastDay = new Date(Date.UTC(Number(match[1]), Number(match[2]), 0)).getUTCDate();
  if (day < 1 || day > lastDay) return undefined;
  const time = Date.parse(text.replace(' ', 'T').toUpperCase());
  return Number.isNaN(time) ? undefined : time;
}

/** No image was built before this: such a time is a zero, a clamp or a broken clock. */
const FIRST_IMAGES = Date.UTC(2013, 0, 1);
const PROVENANCE = /^https:\/\/slsa\.dev\/provenance\//;
const UNSIGNED = {
  field: 'finish time that nobody signed',
  source: 'unverified-attestation',
} as const;
const SETTLE = 'Rebuild with scoville: its provenance records the build time';

interface BuildTime {
  readonly time: number;
  readonly text: string;
  readonly field: string;
  readonly source: EvidenceSource;
}

function fromProvenance(build: Fact<BuildFact>): BuildTime | undefined {
  if (!build.known || build.value.finishedAt === undefined) return undefined;
  const text = build.value.finishedAt;
  const time = parseTimestamp(text);
  if (time === undefined || time < FIRST_IMAGES) return undefined;
  return { time, text, field: 'finish time of the build', source: build.source };
}

/** The config's `created`, or why it says nothing about when the image was built. */
function fromConfig(image: ImageFact, build: Fact<BuildFact>): BuildTime | string {
  const text = image.config.created;
  if (text === undefined || text === '') return 'nothing says when the image was built';
  const time = parseTimestamp(text);
  if (time === undefined) return 'the config’s created is not a timestamp';
  if (time < FIRST_IMAGES) return `created ${text} is older than container images are`;
  const epoch = build.known ? build.value.epoch : undefined;
  if (epoch !== undefined && time <= epoch * 1000)
    return `created ${text} is the SOURCE_DATE_EPOCH, not the time of the build`;
  return { time, text, field: 'config.created', source: 'image' };
}

/**
 * The earliest finish time that provenance of this image states and that nobody signed; its start,
 * where it states that alone.
 */
function unsignedTime(
  build: Fact<BuildFact>,
  fact: Fact<AttestationsFact>,
  image: ImageFact,
): BuildTime | undefined {
  const { own, unfit } = fact.known
    ? attested(fact.value, image, (type) => PROVENANCE.test(type))
    : { own: [], unfit: [] };
  const stated = [...own, ...unfit].flatMap((found) => {
    if (trustIn(found) !== 'unverified-attestation') return [];
    const now = field(field(found.predicate, 'runDetails'), 'metadata');
    const before = field(found.predicate, 'metadata');
    return (
      textField(now, 'finishedOn') ??
      textField(before, 'buildFinishedOn') ??
      textField(now, 'startedOn') ??
      textField(before, 'buildStartedOn') ??
      []
    );
  });
  const times = [
    fromProvenance(build) ?? [],
    ...stated.map((text) => ({ time: parseTimestamp(text) ?? NaN, text, ...UNSIGNED })),
  ].flat();
  return times.filter(({ time }) => time >= FIRST_IMAGES).sort((a, b) => a.time - b.time)[0];
}

function judgeAge(built: BuildTime, now: number, maxDays: number): Verdict {
  const age = (now - built.time) / DAY_MS;
  const evidence = [configEvidence(built.field, built.text), note(`limit ${maxDays} days`)];
  if (age < -1)
    return unknown(`built in the future: ${built.text}`, SETTLE, evidence, built.source);
  const days = Math.max(0, Math.floor(age));
  const said = days === 0 ? 'built today' : `built ${quantity(days, 'day')} ago`;
  return age <= maxDays
    ? pass(said, evidence, { source: built.source })
    : fail(`${said}, more than ${maxDays}`, evidence, { source: built.source });
}

export const recentlyUpdated = criterion({
  id: 'recently-updated',
  title: 'Image recently updated',
  vector: 'provenance',
  level: 2,
  spec: '#image-recently-updated',
  why: 'Fixes reach an image only when it is rebuilt. An old image has old vulnerabilities.',
  needs: ['image', 'declarations'],
  uses: ['build', 'attestations'],
  decidedBy:
    'Built within 30 days of now (`recentDays` in the configuration), by the finish time of this build or its signed provenance, else by the config’s `created`. ' +
    'A finish time that nobody signed can only make the image older. A ' +
    '`created` at or before the SOURCE_DATE_EPOCH, or before there were container images, says nothing about freshness: unknown.',
  check: ({ image, declarations: { now, maxAgeDays }, build, attestations }) => {
    const proven = build.known && build.source !== 'unverified-attestation';
    const finished = proven ? fromProvenance(build) : undefined;
    if (finished !== undefined) return judgeAge(finished, now, maxAgeDays);
    // Anyone who may push can state a time: one that nobody signed only makes the image older.
    const unsigned = unsignedTime(build, attestations, image);
    if (unsigned !== undefined && now - unsigned.time > maxAgeDays * DAY_MS)
      return judgeAge(unsigned, now, maxAgeDays);
    const created = fromConfig(image, build);
    return typeof created === 'string'
      ? unknown(created, SETTLE)
      : judgeAge(created, now, maxAgeDays);
  },
  remedies: [
    {
      title: 'Rebuild on current bases',
      detail:
        'Rebuild on a schedule, with the newest digests of the base images, and deploy the result.',
      example: 'scoville build --pull -t IMAGE .',
    },
  ],
});
