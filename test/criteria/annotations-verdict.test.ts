import { annotations } from '../../src/criteria/annotations.ts';
import { judgesAs } from './criterion-table.ts';
import { factsOf, image } from './facts-builder.ts';

const P = 'org.opencontainers.image.';
const all = {
  [`${P}created`]: '2026-01-02T03:04:05Z',
  [`${P}source`]: 'https://github.com/a/b',
  [`${P}vendor`]: 'Acme',
};
const manifest = (change: Readonly<Record<string, string>> = {}) =>
  factsOf({ image: image({ annotations: { manifest: { ...all, ...change } } }) });
const only = (labels: Readonly<Record<string, string>>) =>
  factsOf({ image: image({ annotations: { labels } }) });

judgesAs(annotations, [
  { name: 'on the manifest', facts: manifest(), outcome: 'pass', says: 'are set' },
  {
    name: 'on the index',
    facts: factsOf({ image: image({ annotations: { index: all } }) }),
    outcome: 'pass',
    says: 'are set',
  },
  { name: 'as labels', facts: only(all), outcome: 'pass', says: 'are set' },
  {
    name: 'spread over places, authors for vendor',
    facts: factsOf({
      image: image({
        annotations: {
          index: { [`${P}created`]: '2026-01-02T03:04:05+02:00' },
          manifest: { [`${P}source`]: 'ssh://git@example.com/a.git' },
          labels: { [`${P}authors`]: 'Ann' },
        },
      }),
    }),
    outcome: 'pass',
    says: 'are set',
  },
  {
    name: 'a malformed label beside a sound annotation',
    facts: factsOf({
      image: image({ annotations: { manifest: all, labels: { [`${P}source`]: 'x' } } }),
    }),
    outcome: 'pass',
    says: 'are set',
  },
  ...[
    'https://x.org/a b',
    'https://x.org/\u001b[2J',
    'https://x.org/<b>',
    'https://x.org/\u202Egpj',
    '\thttps://x.org',
  ].map((source) => ({
    name: `what no address holds: ${JSON.stringify(source)}`,
    facts: manifest({ [`${P}source`]: source }),
    outcome: 'fail' as const,
    says: 'source is not a URL',
  })),
  {
    name: 'none',
    facts: only({}),
    outcome: 'fail',
    says: 'created is missing; source is missing; authors or vendor is missing',
  },
  {
    name: 'other labels',
    facts: only({ maintainer: 'me' }),
    outcome: 'fail',
    says: 'created is missing',
  },
  {
    name: 'empty values',
    facts: manifest({ [`${P}vendor`]: ' ' }),
    outcome: 'fail',
    says: 'authors or vendor is not a name',
  },
  {
    name: 'a date without time',
    facts: manifest({ [`${P}created`]: '2026-01-02' }),
    outcome: 'fail',
    says: 'created is not an RFC 3339',
  },
  {
    name: 'a day that does not exist',
    facts: manifest({ [`${P}created`]: '2026-02-30T00:00:00Z' }),
    outcome: 'fail',
    says: 'created is not',
  },
  {
    name: 'no URL',
    facts: manifest({ [`${P}source`]: 'github.com/a/b' }),
    outcome: 'fail',
    says: 'source is not a URL',
  },
  {
    name: 'a URL that runs',
    facts: manifest({ [`${P}source`]: 'javascript:alert(1)' }),
    outcome: 'fail',
    says: 'source is not',
  },
  {
    name: 'a URL with a password',
    facts: manifest({ [`${P}source`]: 'https://me:pw@example.com/a' }),
    outcome: 'fail',
    says: 'without a password',
  },
  { name: 'not read', facts: factsOf(), outcome: 'unknown', says: 'not gathered' },
]);
