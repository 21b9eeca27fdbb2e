import { isObject, parseJson } from '../lib/json.ts';
import type { RunTool } from '../lib/run-tool.ts';

/** A person may have to unlock a key store first. */
const WAIT_MS = 60_000;
/** A helper's whole answer if it has nothing (docker-credential-helpers, credentials/error.go). */
const NOT_FOUND = 'credentials not found in native keychain';

/** From docker-credential-helpers; user name `<token>`: the secret is an identity token. */
interface StoredCredentials {
  readonly username: string;
  readonly secret: string;
}

/**
 * Asks `docker-credential-NAME get` for a registry's credentials as Docker does
 * (docker-credential-helpers, client/client.go): the server on stdin, JSON on stdout. Undefined
 * where the helper has none. Throws an Error, which does not say the secret, where it cannot be
 * asked: going on without would look like a wrong password.
 */
export async function askCredentialHelper(
  run: RunTool,
  name: string,
  server: string,
  timeoutMs = WAIT_MS,
): Promise<StoredCredentials | undefined> {
  // The name comes from a configuration file and becomes part of a command's.
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) throw new Error('not the name of a helper');
  const stdin = Buffer.from(server);
  const result = await run({
    command: `docker-credential-${name}`,
    args: ['get'],
    stdin,
    timeoutMs,
  });
  if (result.ended === 'not-found') throw new Error('it is not on PATH');
  if (result.ended === 'timeout')
    throw new Error(`it did not answer in ${Math.ceil(timeoutMs / 1000)} s`);
  if (result.ended !== 'exit') throw new Error('it was stopped');
  if (result.exitCode === 0) return answerOf(result.stdout);
  if (result.stdout.trim() === NOT_FOUND) return undefined;
  // What it says of a failure may show what it works with.
  throw new Error(`it ended with ${result.exitCode}`);
}

/** The first value of its output, with keys in any case: as encoding/json decodes it. */
function answerOf(stdout: string): StoredCredentials {
  const answer = parseJson(firstObject(stdout));
  if (!isObject(answer)) throw new Error('it gave no credentials');
  const fields = new Map(
    Object.entries(answer).map(([key, value]) => [key.toLowerCase(), value ?? '']),
  );
  const username = fields.get('username') ?? '';
  const secret = fields.get('secret') ?? '';
  if (typeof username !== 'string' || typeof secret !== 'string')
    throw new Error('it gave no credentials');
  return { username, secret };
}

/** The first object of strings in a text; braces inside strings do not count. */
function firstObject(text: string): string {
  return /^\s*\{(?:[^"{}]|"(?:[^"\\]|\\.)*")*\}/.exec(text)?.[0] ?? '';
}
