import { posix } from 'node:path';
import { execStrings } from '../../model/dockerfile.ts';
import type { FixInput } from '../../model/fix-rule.ts';
import { lookup } from '../../model/lookup.ts';
import { err, ok, type Result } from '../../model/result.ts';
import { bareCheck, execWords } from '../shared/edit/exec-words.ts';
import { baseName, baseOfImage, outsideBase, type Placed } from '../shared/edit/stage-view.ts';
import { libraryLines, type Runtime } from './stacks.ts';

/** A health check for the final stage, and what has to be collected for it. */
interface RuntimeCheck {
  /** The instruction, without a shell. */
  readonly line: string;
  readonly collect: readonly string[];
}

/**
 * The HEALTHCHECK in exec form: by the program that the final stage has, by a request of its
 * interpreter, or by the HTTP client, which is then copied.
 */
export function runtimeCheck(
  one: Placed,
  { program }: Pick<Runtime, 'program'>,
  input: FixInput,
): Result<RuntimeCheck> {
  const flags = one.text.slice(0, one.argumentsAt).trimEnd();
  const array = (words: readonly string[], collect: readonly string[] = []): Result<RuntimeCheck> =>
    ok({
      line: `${flags} CMD [${words.map((word) => JSON.stringify(word)).join(', ')}]`,
      collect,
    });
  const command = one.text.slice(one.argumentsAt).replace(/^CMD\s+/i, '');
  const found = wordsOf(command);
  if (!found.ok) return err(`the HEALTHCHECK needs a shell: ${found.error}`);
  const [own = ''] = program;
  const [first = '', ...rest] = found.value;
  const bare = (path: string): string => posix.basename(path).replace(/(?<![\d.])[\d.]+$/, '');
  if (bare(first) === bare(own)) return array([own, ...rest]);
  const client = posix.basename(first);
  if (client !== 'curl' && client !== 'wget')
    return err(`the HEALTHCHECK starts ${first}, which the final stage does not have`);
  const url = askedUrl(client, rest);
  const request = url === undefined ? undefined : REQUESTS[bare(own)]?.(url);
  if (request !== undefined) return array([own, ...request]);
  if (!isThere(client, input))
    return err(`the HEALTHCHECK starts ${first}, which nothing shows to be in the image`);
  const path = `/usr/bin/${client}`;
  return array(
    [path, ...rest],
    [
      'mkdir -p /runtime/usr/bin',
      `cp -L "$(command -v ${client})" /runtime${path}`,
      ...libraryLines(`/runtime${path}`),
    ],
  );
}

function wordsOf(command: string): Result<readonly string[]> {
  const words = command.startsWith('[') ? execStrings(command) : undefined;
  return words === undefined ? execWords(bareCheck(command)) : ok(words);
}

/** An interpreter's request that fails like the client's: no answer, or a status of 400 or more. */
const REQUESTS = lookup<(url: string) => readonly string[]>({
  node: (url) => [
    '-e',
    `fetch('${url}', { redirect: 'manual' }).then(async (r) => { await r.arrayBuffer(); if (r.status >= 400) throw r.status; })`,
  ],
  python: (url) => ['-c', `import urllib.request; urllib.request.urlopen('${url}', timeout=10)`],
});

/** Client options that do not change whether a request succeeds; those of curl also need `-f`. */
const IDLE = {
  curl: /^(?:-[sS]+|--silent|--show-error)$/,
  wget: /^(?:-q|--quiet|-nv|--no-verbose|--spider|-qO-|-O-|-qO\/dev\/null|-O\/dev\/null|-t1|--tries=1|--no-check-certificate)$/,
};
const VALUED = {
  curl: /^(?:-o|--output)$/,
  wget: /^(?:-O|-qO|-t|--tries)$/,
};

/** The one address that a client asks, where it asks for nothing else and fails at an error. */
function askedUrl(client: 'curl' | 'wget', words: readonly string[]): string | undefined {
  let fails = client === 'wget';
  const urls: string[] = [];
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (client === 'curl' && /^(?:-[sS]*f[sS]*|--fail)$/.test(word)) fails = true;
    else if (VALUED[client].test(word)) {
      if (!/^(?:-|\/dev\/null|1)$/.test(words[(at += 1)] ?? '')) return undefined;
    } else if (word.startsWith('-')) {
      if (!IDLE[client].test(word)) return undefined;
    } else urls.push(word);
  }
  const [url = '', ...more] = urls;
  if (!fails || more.length > 0) return undefined;
  const whole = url.startsWith('http://') ? url : `http://${url}`;
  return /^http:\/\/[\w.-]+(?::\d+)?(?:\/[\w./?&=%~-]*)?$/.test(whole) ? whole : undefined;
}

/** Images with the packages that most builds need, clients among them. */
const WHOLE = /^(?:node|python|ruby|golang|rust|gcc|perl|buildpack-deps)$/;

/** True where the stage's image is known to have a client, or installs it. */
function isThere(client: string, input: FixInput): boolean {
  if (baseOfImage(input)?.has?.(`usr/bin/${client}`) === true) return true;
  const { analysis, imageStages } = input;
  const installs = analysis.installs.filter(({ stage }) => imageStages.includes(stage));
  if (installs.some(({ packages }) => packages.some(({ name }) => name === client))) return true;
  const { tag = '' } = outsideBase(input)?.reference ?? {};
  return WHOLE.test(baseName(input)) && !/slim|alpine/.test(tag);
}
