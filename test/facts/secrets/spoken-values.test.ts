import { expect, test } from 'vitest';
import { isNamedSecret } from '../../../src/facts/secrets/named-secret.ts';

test.each([
  ['SECRET_KEY', 'dummy-secret-key-for-build'],
  ['SECRET_KEY', '{Key of yours}'],
  ['SESSION_SECRET', '{SESSION_SECRET}'],
  ['DJANGO_SECRET_KEY', 'secret-for-docker-build'],
  ['DJANGO_SECRET_KEY', 'change-this-in-production'],
  ['DJANGO_SECRET_KEY', 'build-time-placeholder-override-in-runtime'],
  ['DJANGO_SECRET_KEY', 'dev-secret-key-change-in-production'],
  ['SECRET_KEY', 'collectstatic'],
  ['SECRET_KEY', 'temp_build_key'],
  ['SECRET_KEY_BASE', 'change_it_please'],
  ['SESSION_SECRET', 'change-me-to-a-random-string'],
  ['JWT_SECRET', 'build-time-secret-will-be-replaced-at-runtime-12345678901234567890'],
  ['AWS_SECRET_ACCESS_KEY', 'secretaccesskey'],
  ['AWS_ACCESS_KEY_ID', 'MY_ACCESS_KEY_ID'],
  ['DISCORD_TOKEN', 'YOUR_DISCORD_TOKEN_HERE'],
  ['OPENAI_API_KEY', 'my-proxy-key'],
  ['GITHUB_TOKEN', 'ghp_key'],
  ['STRIPE_SECRET_KEY', 'sk_test_dummy_00000000WxYz'],
])('%s=%s stands in for a value to come', (name, value) => {
  expect(isNamedSecret(name, value)).toBe(false);
});

test.each([
  ['KEYCLOAK_ADMIN_PASSWORD', 'admin'],
  ['MYSQL_ROOT_PASSWORD', 'rootpassword'],
  ['POSTGRES_PASSWORD', 'not-happening-again'],
  ['SSH_PASSWORD', 'harbor-crane-123'],
  ['JWT_SECRET', 'NeverShareYourSecret'],
  ['FLASK_SECRET_KEY', 'hard-to-guess-words'],
  ['DB_PASSWORD', 'change8f3kQz'],
  ['SECRET_KEY', 'build-time-9fK2xQ8vLm3Z'],
  ['OPENAI_API_KEY', 'sk-9fK2xQ8vLm3ZbT71'],
  ['API_KEY', 'supersecret'],
])('%s=%s is one', (name, value) => {
  expect(isNamedSecret(name, value)).toBe(true);
});
