import { type Result, err, ok } from '../../model/result.ts';
import type { RunTool } from '../../model/run.ts';
import { cleanText } from '../describe-run.ts';
import { parseJson, textField } from '../json-fields.ts';

/** A person may have to unlock a key store first. */
const WAIT_MS = 60_000;
/** Characters of its own words. */
const MOST_SAID = 200;

/** As docker-credential-helpers give them; the user name `<token>` means that the secret is an identity token. */
interface StoredCredentials {
  readonly username: string;
  readonly secret: string;
}

/**
 * Asks `docker-credential-NAME get` for a registry's credentials (docker-credential-helpers protocol: the server on stdin, JSON
 * on stdout). Gives undefined where the helper has none, an error where it cannot be asked. Neither says the secret.
 */
export async function askCredentialHelper(
  run: RunTool,
  name: string,
  server: string,
): Promise<Result<StoredCredentials | undefined>> {
  // The name comes from a configuration file and becomes part of a command's.
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name))
    return err(`${cleanText(name)} is not a credential helper`);
  const command = `docker-credential-${name}`;
  const result = await run({
    command,
    args: ['get'],
    stdin: Buffer.from(`${server}\n`),
    timeoutMs: WAIT_MS,
  });
  if (result.ended === 'not-found') return err(`${command} is not on PATH`);
  if (result.ended !== 'exit') return err(`${command} did not answer in ${WAIT_MS / 1000} s`);
  if (result.exitCode === 0) return parseCredentials(command, result.stdout);
  // By the protocol, helpers tell of their failures on stdout; stderr may show what they work with.
  if (/credentials not found/i.test(result.stdout)) return ok(undefined);
  return err(`${command}: ${failureOf(result.stdout)}`);
}

/** One line of what it said, without what may be a secret. */
function failureOf(stdout: string): string {
  const [line = ''] = cleanText(stdout).trim().split('\n');
  if (line === '' || line.includes('{')) return 'it failed';
  return line.replace(/[\w+/=-]{24,}/g, '***').slice(0, MOST_SAID);
}

/** Reads a helper's answer. */
function parseCredentials(command: string, stdout: string): Result<StoredCredentials | undefined> {
  const answer = parseJson(stdout);
  const username = textField(answer, 'Username');
  const secret = textField(answer, 'Secret');
  if (username === undefined || secret === undefined) return err(`${command} gave no credentials`);
  return secret === '' ? ok(undefined) : ok({ username, secret });
}
