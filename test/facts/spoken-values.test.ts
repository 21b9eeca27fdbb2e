import { expect, test } from 'vitest';
import { isNamedSecret } from '../../src/facts/secrets/secret-value.ts';

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

test.each([
  ['DB_PASSWORD', 'EnvVarHere'],
  ['AUTH_LDAP_BIND_PASSWORD', 'yourpassword'],
  ['SIAB_PASSWORD', 'putsafepasswordhere'],
  ['ALIVE_PASSWORD', 'please_set_environment_variable'],
  ['DB_PASS', 'changethepass'],
  ['MYSQL_PASS', '**Random**'],
  ['POSTGRES_PASSWORD', 'example'],
  ['SESSION_SECRET', 'pleasechangethisbecauseitisimportant'],
  ['HARVESTER_SECRET', 'ThisTokenIsNotSoSecretChangeIt'],
  ['DJANGO_SECRET_KEY', 'notneededforbuilds'],
  ['DEPLOY_TOKEN', 'nodefaultvalue'],
  ['MAPS_API_KEY', 'maps-XXXX'],
  ['DB_PASSWORD', 'setme_DB_PASSWORD'],
  ['API_TOKEN', 'NOT_SET'],
  ['ACCESS_KEY', 'undefined'],
  ['CLIENT_SECRET', 'SOME_STRING_TO_REPLACE_LATER_909812'],
  ['CLIENT_SECRET', 'ignored'],
  ['API_KEY', 'yourSendGridAPIKey'],
  ['SECRET_KEY_BASE', 'for_precompilation'],
  ['APP_SECRET', 'EDITME'],
  ['APP_SECRET_KEY', '!!!REPLACE-ME-j1598u1J^U!!!'],
])('%s=%s says that another value comes', (name, value) => {
  expect(isNamedSecret(name, value)).toBe(false);
});

test.each([
  ['AWS_SECRET_ACCESS_KEY', 'secretkey'],
  ['SECRET_KEY', 'stripe_secret_key'],
  ['FACEBOOK_SECRET', 'ours'],
  ['SECRET_KEY', 'local'],
  ['APP_SECRET', 'development'],
  ['SECRET', 'test'],
])('%s=%s is a word where a key is drawn', (name, value) => {
  expect(isNamedSecret(name, value)).toBe(false);
});

test.each([
  ['DB_SECRET', 'app-db-password'],
  ['BOT', 'BOT_API_TOKEN'],
  ['TOKEN', 'BOT_API_TOKEN'],
  ['SMTP_PASSWORD', 'SMTP_PASSWORD'],
  ['MAPBOX_TOKEN', 'pk.eyJ1IjoiYSJ9.abcdefgh12345678'],
  ['JAVA_TOKEN', '090f390dda5b47b9b721c7dfaa008135'],
  ['KUBERNETES_SECRET', 'gluu'],
  ['GITHUB_TOKEN', '`cat /token`'],
  ['API_KEY', 'DOCKER-SECRET->API_KEY'],
  ['HTPASSWD', 'data/.htpasswd'],
  ['TLS_KEY', 'B735:1140:206F:225D:3E2B:D822:D7FD:691E:A1C3:3CC8:D666:8D0C'],
])('%s=%s tells where a secret is, or whose key', (name, value) => {
  expect(isNamedSecret(name, value)).toBe(false);
});

test.each([
  ['POSTGRES_PASSWORD', 'password'],
  ['DB_PASS', 'root'],
  ['ADMINPASSWORD', 'adminpassword'],
  ['MYSQL_ROOT_PWD', 'secret'],
  ['VNC_PASSWORD', '1234'],
  ['VNC_PASSWORD', '12345678'],
  ['IDM_PASS', 'idm'],
  ['MYSQL_PASSWORD', 'test'],
  ['SECRET_KEY_BASE', 'abcd99'],
])('%s=%s is weak, and in force', (name, value) => {
  expect(isNamedSecret(name, value)).toBe(true);
});
