import { file, folder } from '../../facts/support.ts';
import {
  DOCKERFILE,
  HARDENED,
  hardenedBut,
  hardenedWith,
  type Labelled,
  OS_PACKAGES,
} from '../starting-points.ts';
import { provenance, sbom, seccomp } from '../statements.ts';

const SECRET = { 'no-secrets': 'fail' } as const;
/** Made up, and put together here so that no scanner of this repository takes it for one. */
const TOKEN = `ghp_${'Zk3'.repeat(12)}`;
const KEY_FILE = [
  ['-----BEGIN RSA', 'PRIVATE KEY-----'].join(' '),
  'MIIEpAIBAAKCAQEAr0Zx'.repeat(6),
  '-----END RSA PRIVATE KEY-----\n',
].join('\n');
const env = (...entries: string[]) => ({
  config: { ...HARDENED.config, Env: ['PATH=/app', ...entries] },
});
const undeclared = { declared: {} };
const labels = (of: Record<string, string>) => ({
  annotations: {},
  config: { ...HARDENED.config, Labels: of },
});
const PREFIX = 'org.opencontainers.image';
const GOOD = {
  [`${PREFIX}.created`]: '2026-02-27T10:00:00Z',
  [`${PREFIX}.source`]: 'https://example.com/r',
  [`${PREFIX}.authors`]: 'A',
};

/** Secrets wherever an image can hold them, how it takes its own, and what it says of itself. */
export const SECRETS_LABELLED: readonly Labelled[] = [
  hardenedWith('a private key', [[file('app/tls.key', KEY_FILE)]], SECRET),
  hardenedWith(
    'a token in a file that a later layer deletes',
    [[file('root/setup.env', `GITHUB=${TOKEN}\n`)], [file('root/.wh.setup.env')]],
    SECRET,
  ),
  hardenedWith(
    'a registry login in .npmrc',
    [
      [
        file(
          'app/.npmrc',
          `//registry.example.com/:_authToken=${['Kd9', 'xQ2', 'mV7', 'Lr4', 'Tz8', 'Wb3'].join('')}\n`,
        ),
      ],
    ],
    SECRET,
  ),
  hardenedWith(
    'a git repository',
    [[folder('src/.git'), file('src/.git/HEAD', 'ref: refs/heads/main\n')]],
    SECRET,
  ),
  hardenedBut('a token in the environment', env(`DEPLOY=${TOKEN}`), SECRET),
  hardenedBut('a secret variable with a value', env('DB_PASSWORD=hunter2hunter2'), {
    ...SECRET,
    'secrets-by-file': 'fail',
  }),
  hardenedBut('a secret variable without a value', env('API_TOKEN='), {
    'secrets-by-file': 'fail',
  }),
  hardenedBut(
    'a label that holds a token',
    { config: { ...HARDENED.config, Labels: { build: TOKEN } } },
    SECRET,
  ),
  hardenedBut(
    'a build argument in the history',
    {
      history: [{ created_by: `RUN |1 NPM_TOKEN=${TOKEN} /bin/sh -c npm ci # buildkit` }],
    },
    SECRET,
  ),
  hardenedBut(
    'a build argument in the provenance',
    {
      attestations: (s) => [
        provenance(s, { args: { 'build-arg:DB_PASSWORD': 'correct-horse-battery' } }),
        sbom(s, OS_PACKAGES),
        seccomp(s),
      ],
    },
    SECRET,
  ),
  hardenedWith('what only looks like a secret', [
    [
      file(
        'app/.npmrc',
        'registry=https://registry.example.com/\n//registry.example.com/:_authToken=${NPM_TOKEN}\n',
      ),
      file('app/config.js', "const key = '-----BEGIN PRIVATE KEY-----'; // a header alone\n"),
      file(
        'etc/ssl/certs/root.pem',
        `-----BEGIN CERTIFICATE-----\n${'MIIB'.repeat(30)}\n-----END CERTIFICATE-----\n`,
      ),
      file('app/.gitignore', 'node_modules/\n# nothing else\n'),
    ],
  ]),
  hardenedBut(
    'variables that name no secret',
    env(
      'GPG_KEY=7169605F62C751356D054A26A821E680E5FA6305',
      'SSH_PUBLIC_KEY=ssh-ed25519',
      'TOKENIZERS_PARALLELISM=false',
      'PWD=/app',
      'KEYBOARD=us',
    ),
  ),
  hardenedBut(
    'secrets by file, shown by a variable',
    { ...env('DB_PASSWORD_FILE=/run/secrets/db'), ...undeclared },
    { 'secrets-by-file': 'pass' },
  ),
  hardenedBut(
    'secrets by file, shown by a volume',
    {
      ...undeclared,
      config: { ...HARDENED.config, Volumes: { '/run/secrets': {} } },
    },
    { 'secrets-by-file': 'pass' },
  ),
  hardenedBut(
    'secrets by file, declared',
    { declared: { secrets: 'by-file' } },
    { 'secrets-by-file': 'pass' },
  ),
  hardenedBut(
    'secrets by file beside one by value',
    { ...env('DB_PASSWORD_FILE=/run/secrets/db', 'SMTP_PASSWORD='), ...undeclared },
    { 'secrets-by-file': 'fail' },
  ),
  hardenedBut('nothing says how secrets come', undeclared, { 'secrets-by-file': 'unknown' }),
  hardenedBut('declared by the image’s own annotation', {
    ...undeclared,
    annotations: { ...HARDENED.annotations, 'dev.scoville.secrets': 'none' },
  }),
  hardenedBut('annotations as labels', labels(GOOD)),
  hardenedBut('annotations on the index alone', { annotations: {}, indexAnnotations: GOOD }),
  hardenedBut('a maintainer label alone', labels({ maintainer: 'team@example.com' }), {
    annotations: 'fail',
  }),
  hardenedBut('no label at all', labels({}), { annotations: 'fail' }),
  hardenedBut(
    'a creation time that is none',
    labels({ ...GOOD, [`${PREFIX}.created`]: 'yesterday' }),
    { annotations: 'fail' },
  ),
  hardenedBut(
    'a source that is no URL',
    labels({ ...GOOD, [`${PREFIX}.source`]: 'our repository' }),
    { annotations: 'fail' },
  ),
  hardenedBut('an empty vendor', labels({ ...GOOD, [`${PREFIX}.authors`]: ' ' }), {
    annotations: 'fail',
  }),
  hardenedBut('the Dockerfile’s ARG for a token, as a mounted secret', {
    dockerfile: { text: `${DOCKERFILE}RUN --mount=type=secret,id=token true\n` },
  }),
];
