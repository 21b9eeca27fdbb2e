import { readFileSync } from 'node:fs';

/** The API token, read from the file that API_TOKEN_FILE names; undefined where there is none. Never from a variable. */
export function readToken(file) {
  try {
    const token = readFileSync(file, 'utf8').trim();
    return token === '' ? undefined : token;
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}
