import { describe, expect, test } from 'vitest';
import { secretFileName, secretName } from '../../src/model/secret-names.ts';
import { words } from '../fakes/table.ts';

test.each(
  words(`
  DB_PASSWORD password NPM_TOKEN CLIENT_SECRET STRIPE_KEY AWS_SECRET_ACCESS_KEY CREDENTIALS
  SECRET_KEY_BASE DB_PASS AWS_ACCESS_KEY_ID PGPASSWORD
`),
)('%s holds a secret', (name) => {
  expect(secretName(name)).toMatch(/./);
});

test.each(
  words(`
  PATH PWD OLDPWD GPG_KEY RSA_PUBLIC_KEY KEYBOARD MONKEY TOKENIZER COMPASS SORT_KEY PUBLIC_TOKEN
  PublicKeyToken STRIPE_PUBLISHABLE_KEY RECAPTCHA_SITE_KEY KEY_ID_FORMAT DB_PASSWORD_FILE
`),
)('%s holds none', (name) => {
  expect(secretName(name)).toBeUndefined();
});

test('files of secrets', () => {
  expect(
    'DB_PASSWORD_FILE GOOGLE_APPLICATION_CREDENTIALS SSL_CERT_FILE GPG_KEY_FILE FILE'
      .split(' ')
      .map(secretFileName),
  ).toEqual([true, true, false, false, false]);
});

describe('what is masked', () => {
  test.each(
    words(`
    NPM_TOKEN DB_PASSWORD dbpassword GITHUB_PAT API_KEY apiKey AWS_SECRET_ACCESS_KEY
    SSH_PRIVATE_KEY REGISTRY_AUTH SENTRY_DSN PG_PASS GIT_CREDENTIALS signing-key
  `),
  )('%s holds a secret', (name) => {
    expect(secretName(name, 'possible')).toMatch(/./);
  });

  test.each(
    words(`
    VERSION AUTHOR AUTHORS KEYBOARD MONKEY PUBLIC_KEY TOKEN_FILE SECRET_PATH NODE_ENV PATH COMPASS
    PWD
  `),
  )('%s does not', (name) => {
    expect(secretName(name, 'possible')).toBeUndefined();
  });
});
