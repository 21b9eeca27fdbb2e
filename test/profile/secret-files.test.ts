import { expect, test } from 'vitest';
import { secretPaths } from '../../src/profile/secret-files.ts';

const DB = 'DB_PASSWORD_FILE=/run/secrets/db';
const NONE = { env: [], volumes: [] };

test.each([
  ['a variable of the image', { ...NONE, env: [DB] }, {}, ['/run/secrets/db']],
  ['one given replaces it', { ...NONE, env: [DB] }, { env: ['DB_PASSWORD_FILE=/db'] }, ['/db']],
  ['one given without a value', { ...NONE, env: [DB] }, { env: ['DB_PASSWORD_FILE'] }, []],
  ['one that is not a secret', { ...NONE, env: ['SSL_CERT_FILE=/etc/ca.crt'] }, {}, []],
  ['a relative path', { ...NONE, env: ['API_TOKEN_FILE=secrets/token'] }, {}, []],
  ['a folder', { ...NONE, env: ['API_TOKEN_FILE=/'] }, {}, []],
  [
    'a file of the settings, and the same twice',
    { ...NONE, env: [DB] },
    { secretFiles: ['/run/secrets/../secrets/db', '/etc/token'] },
    ['/run/secrets/db', '/etc/token'],
  ],
  ['in a volume of the image', { env: [DB], volumes: ['/run/secrets/'] }, {}, []],
  ['beside a volume', { env: [DB], volumes: ['/run/sec'] }, {}, ['/run/secrets/db']],
  ['given as a volume', { ...NONE, env: [DB] }, { volumes: ['./pw:/run/secrets/db:ro'] }, []],
])('files of secrets: %s', (_, image, given, paths) => {
  expect(secretPaths({ env: [], volumes: [], secretFiles: [], ...given }, image)).toEqual(paths);
});
