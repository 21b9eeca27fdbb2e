import type { Verdict } from '../../model/criterion.ts';
import type { BuildFact, EvidenceSource, Fact, ImageFact } from '../../model/facts.ts';
import { quantity } from '../../model/quantity.ts';
import { criterion } from '../shared/verdict/criterion.ts';
import { parseTimestamp } from '../shared/verdict/timestamp.ts';
import { configEvidence, fail, note, pass, unknown } from '../shared/verdict/verdict.ts';

const DAY = 86_400_000;
/** No image was built before this: such a time is a zero, a clamp or a broken clock. */
const FIRST_IMAGES = Date.UTC(2013, 0, 1);
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

function judgeAge(built: BuildTime, now: number, maxDays: number): Verdict {
  const age = (now - built.time) / DAY;
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
  uses: ['build'],
  decidedBy:
    'Built within 30 days of now (`recentDays` in the configuration), by the finish time of this build or its provenance, else by the config’s `created`. A ' +
    '`created` at or before the SOURCE_DATE_EPOCH, or before there were container images, says nothing about freshness: unknown.',
  check: ({ image, declarations, build }) => {
    const built = fromProvenance(build) ?? fromConfig(image, build);
    return typeof built === 'string'
      ? unknown(built, SETTLE)
      : judgeAge(built, declarations.now, declarations.maxAgeDays);
  },
  remedies: [
    {
      title: 'Rebuild on current bases',
      detail:
        'Rebuild on a schedule, with the newest digests of the base images, and deploy the result.',
      example: 'scoville build --pull --push -t IMAGE .',
    },
  ],
});
