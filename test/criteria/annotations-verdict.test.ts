import { annotations } from '../../src/criteria/annotations.ts';
import { judgesAs, type Row } from './criterion-table.ts';
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
  ['pass', 'on the manifest', manifest(), 'are set'],
  ['pass', 'on the index', factsOf({ image: image({ annotations: { index: all } }) }), 'are set'],
  ['pass', 'as labels', only(all), 'are set'],
  [
    'pass',
    'spread over places, authors for vendor',
    factsOf({
      image: image({
        annotations: {
          index: { [`${P}created`]: '2026-01-02T03:04:05+02:00' },
          manifest: { [`${P}source`]: 'ssh://git@example.com/a.git' },
          labels: { [`${P}authors`]: 'Ann' },
        },
      }),
    }),
    'are set',
  ],
  [
    'pass',
    'a malformed label beside a sound annotation',
    factsOf({
      image: image({ annotations: { manifest: all, labels: { [`${P}source`]: 'x' } } }),
    }),
    'are set',
  ],
  ...[
    'https://x.org/a b',
    'https://x.org/\u001b[2J',
    'https://x.org/<b>',
    'https://x.org/\u202Egpj',
    '\thttps://x.org',
  ].map((source): Row => [
    'fail',
    `what no address holds: ${JSON.stringify(source)}`,
    manifest({ [`${P}source`]: source }),
    'source is not a URL',
  ]),
  ['fail', 'none', only({}), 'created is missing; source is missing; authors or vendor is missing'],
  ['fail', 'other labels', only({ maintainer: 'me' }), 'created is missing'],
  ['fail', 'empty values', manifest({ [`${P}vendor`]: ' ' }), 'authors or vendor is not a name'],
  [
    'fail',
    'a date without time',
    manifest({ [`${P}created`]: '2026-01-02' }),
    'created is not an RFC 3339',
  ],
  [
    'fail',
    'a day that does not exist',
    manifest({ [`${P}created`]: '2026-02-30T00:00:00Z' }),
    'created is not',
  ],
  ['fail', 'no URL', manifest({ [`${P}source`]: 'github.com/a/b' }), 'source is not a URL'],
  ['fail', 'a URL that runs', manifest({ [`${P}source`]: 'javascript:alert(1)' }), 'source is not'],
  [
    'fail',
    'a URL with a password',
    manifest({ [`${P}source`]: 'https://me:pw@example.com/a' }),
    'without a password',
  ],
  ['unknown', 'not read', factsOf(), 'not gathered'],
]);
