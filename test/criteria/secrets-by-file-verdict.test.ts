import { expect, test } from 'vitest';
import { secretsByFile } from '../../src/criteria/secrets-by-file.ts';
import { type DeclarationsFact, known } from '../../src/model/facts.ts';
import { judgesAs } from './criterion-table.ts';
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
  {
    name: '*_FILE of a secret',
    facts: of(['POSTGRES_PASSWORD_FILE=/run/secrets/pw']),
    outcome: 'pass',
    says: 'come as files',
  },
  {
    name: 'credentials file',
    facts: of(['GOOGLE_APPLICATION_CREDENTIALS=/run/c.json']),
    outcome: 'pass',
    says: 'come as files',
  },
  {
    name: 'an empty /run/secrets, which bases ship',
    facts: of([], {}, ['run/secrets']),
    outcome: 'unknown',
    says: 'unknown how the app gets its secrets',
  },
  {
    name: 'a path to a key file is not a secret, and shows little',
    facts: of(['TLS_KEY=/etc/ssl/private/tls.pem']),
    outcome: 'unknown',
    says: 'unknown how the app gets its secrets',
  },
  {
    name: 'a path below /run/secrets',
    facts: of(['TLS_KEY=/run/secrets/tls']),
    outcome: 'pass',
    says: 'come as files',
  },
  {
    name: 'a volume at /run/secrets',
    facts: factsOf({
      image: image({ config: { Volumes: { '/run/secrets': {} } } }),
      filesystem: filesystem(),
    }),
    outcome: 'pass',
    says: 'come as files',
  },
  {
    name: 'declared in the configuration',
    facts: of([], { secrets: 'by-file', secretFiles: ['/run/secrets/a'] }),
    outcome: 'pass',
    says: 'declared',
  },
  { name: 'declared by the image', facts: annotated('by-file'), outcome: 'pass', says: 'declared' },
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
  ].map((entry) => ({
    name: entry,
    facts: of([entry]),
    outcome: 'fail' as const,
    says: '1 secret by environment',
  })),
  {
    name: 'a secret variable beside files',
    facts: of(['A_TOKEN=x', 'B_TOKEN_FILE=/run/b'], { secrets: 'by-file' }),
    outcome: 'fail',
    says: 'A_TOKEN',
  },
  {
    name: 'declared to take none, yet it names one',
    facts: of(['A_TOKEN='], { secrets: 'none' }),
    outcome: 'fail',
    says: 'A_TOKEN',
  },
  {
    name: 'declared to take none',
    facts: of(['PATH=/bin'], { secrets: 'none' }),
    outcome: 'not-applicable',
    says: 'no secrets',
  },
  {
    name: 'the image declares none',
    facts: annotated('none'),
    outcome: 'not-applicable',
    says: 'no secrets',
  },
  {
    name: 'ok- names that hold no secret',
    facts: of(
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
    outcome: 'not-applicable',
    says: 'no secrets',
  },
  {
    name: 'a *_FILE of something else shows nothing',
    facts: of(['SSL_CERT_FILE=/etc/ssl/ca.pem', 'CONFIG_FILE=/c']),
    outcome: 'unknown',
    says: 'unknown how the app gets its secrets',
    settle: 'set secrets.use to none or by-file in .scoville.yaml',
  },
  {
    name: 'nothing said',
    facts: of([]),
    outcome: 'unknown',
    says: 'unknown how the app gets its secrets',
  },
  { name: 'not read', facts: factsOf(), outcome: 'unknown', says: 'not gathered' },
]);

test('the value of a secret variable is not shown', () => {
  const answer = secretsByFile.judge(of(['DB_PASSWORD=hunter2', 'A_TOKEN_FILE=hunter3']));
  expect(JSON.stringify(answer)).not.toMatch(/hunter/);
});
