import { expect, test } from 'vitest';
import { secretsByFile } from '../../src/criteria/secrets-by-file.ts';
import { type DeclarationsFact, known } from '../../src/model/facts.ts';
import { judgesAs, type Row } from './criterion-table.ts';
import { declared, factsOf, filesystem, image } from './facts-builder.ts';

const of = (
  Env: readonly string[],
  given: Partial<DeclarationsFact> = {},
  has: readonly string[] = [],
) =>
  factsOf({
    image: image({ config: { Env } }),
    filesystem: filesystem([], { has: (path) => has.includes(path) }),
    declarations: known(declared(given), 'build'),
  });
const annotated = (value: string) =>
  factsOf({
    image: image({ annotations: { manifest: { 'dev.scoville.secrets': value } } }),
    filesystem: filesystem(),
  });

judgesAs(secretsByFile, [
  ['pass', '*_FILE of a secret', of(['POSTGRES_PASSWORD_FILE=/run/secrets/pw']), 'come as files'],
  ['pass', 'credentials file', of(['GOOGLE_APPLICATION_CREDENTIALS=/run/c.json']), 'come as files'],
  [
    'unknown',
    'an empty /run/secrets, which bases ship',
    of([], {}, ['run/secrets']),
    'unknown how the app gets its secrets',
  ],
  [
    'unknown',
    'a path to a key file is not a secret, and shows little',
    of(['TLS_KEY=/etc/ssl/private/tls.pem']),
    'unknown how the app gets its secrets',
  ],
  ['pass', 'a path below /run/secrets', of(['TLS_KEY=/run/secrets/tls']), 'come as files'],
  [
    'pass',
    'a volume at /run/secrets',
    factsOf({
      image: image({ config: { Volumes: { '/run/secrets': {} } } }),
      filesystem: filesystem(),
    }),
    'come as files',
  ],
  [
    'pass',
    'declared in the configuration',
    of([], { secrets: 'by-file', secretFiles: ['/run/secrets/a'] }),
    'declared',
  ],
  ['pass', 'declared by the image', annotated('by-file'), 'declared'],
  ...[
    'DB_PASSWORD=',
    'DB_PASSWORD=x',
    'API_TOKEN',
    'AWS_SECRET_ACCESS_KEY=x',
    'PASSWORD=x',
    'SECRET_KEY_BASE=x',
    'db_passwd=x',
    'CREDENTIALS=x',
    'DB_PWD=',
  ].map((entry): Row => ['fail', entry, of([entry]), '1 secret by environment']),
  [
    'fail',
    'a secret variable beside files',
    of(['A_TOKEN=x', 'B_TOKEN_FILE=/run/b'], { secrets: 'by-file' }),
    'A_TOKEN',
  ],
  [
    'fail',
    'declared to take none, yet it names one',
    of(['A_TOKEN='], { secrets: 'none' }),
    'A_TOKEN',
  ],
  ['not-applicable', 'declared to take none', of(['PATH=/bin'], { secrets: 'none' }), 'no secrets'],
  ['not-applicable', 'the image declares none', annotated('none'), 'no secrets'],
  [
    'not-applicable',
    'ok- names that hold no secret',
    of(
      [
        'GPG_KEY=7169605F62C751356D054A26A821E680E5FA6305',
        'PWD=/',
        'SSH_PUBLIC_KEY=x',
        'MYSQL_ALLOW_EMPTY_PASSWORD=yes',
        'CACHE_KEY=v1',
        'KEYBOARD=us',
        'TOKENIZER=x',
      ],
      { secrets: 'none' },
    ),
    'no secrets',
  ],
  [
    'unknown',
    'a *_FILE of something else shows nothing',
    of(['SSL_CERT_FILE=/etc/ssl/ca.pem', 'CONFIG_FILE=/c']),
    'unknown how the app gets its secrets',
    { settle: 'set secrets.use to none or by-file in .scoville.yaml' },
  ],
  ['unknown', 'nothing said', of([]), 'unknown how the app gets its secrets'],
  ['unknown', 'not read', factsOf(), 'not gathered'],
]);

test('the value of a secret variable is not shown', () => {
  const answer = secretsByFile.judge(of(['DB_PASSWORD=hunter2', 'A_TOKEN_FILE=hunter3']));
  expect(JSON.stringify(answer)).not.toMatch(/hunter/);
});
