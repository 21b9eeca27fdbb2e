import { field, type JsonObject, objectOf, parseJson } from '../../model/json-value.ts';

/** What of a lock file holds nothing: the entry, why, and the address that it is taken from. */
interface UncheckedEntry {
  readonly reason: string;
  readonly address?: string;
}

const COMMIT = /(?:#|[#&]commit[=:])[0-9a-f]{40}\b|\/(?:tar\.gz|zip|tarball)\/[0-9a-f]{40}\b/;
const SUM = /\bsha(?:256|384|512)-[A-Za-z0-9+/]{40,}={0,2}/;
/** Of the registry, which npm asks over TLS, SHA-1 is what old locks have. */
const OLD_SUM = /\bsha1-[A-Za-z0-9+/]{20,}={0,2}/;

/** Judges one entry by the sum that the lock has for it and the address it names. */
function judged(name: string, sum: string, address: string): UncheckedEntry | undefined {
  if (/^(?:file|link|workspace|portal):/.test(address) || SUM.test(sum)) return undefined;
  const remote = /^(?:git|https?:|ssh:|github:|gitlab:|bitbucket:)/.test(address);
  const origin = remote ? { address } : {};
  if (/^git|\.git(?:#|$)|^(?:ssh|github|gitlab|bitbucket):/.test(address))
    return COMMIT.test(address)
      ? undefined
      : { reason: `${name} comes from git without a commit`, ...origin };
  if (/^http:/.test(address)) return { reason: `${name} comes over http without a sum`, ...origin };
  if (OLD_SUM.test(sum) || COMMIT.test(address)) return undefined;
  return { reason: `${name} has no integrity`, ...origin };
}

type Reader = (text: string) => UncheckedEntry | undefined;

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** package-lock.json and npm-shrinkwrap.json, of all three versions. */
const npm: Reader = (lock) => {
  const read = parseJson(lock);
  if (read === undefined) return { reason: 'it is not JSON' };
  const left: [string, JsonObject][] = [];
  const packages = Object.entries(objectOf(field(read, 'packages')));
  for (const [path, entry] of packages)
    if (path.includes('node_modules/'))
      left.push([path.replace(/^.*node_modules\//, ''), objectOf(entry)]);
  // Version 1 keeps them in each other.
  if (packages.length === 0) left.push(...inOne(field(read, 'dependencies')));
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const [name, entry] = next;
    if (packages.length === 0) left.push(...inOne(entry['dependencies']));
    if (entry['link'] === true || entry['inBundle'] === true || entry['bundled'] === true) continue;
    const address = text(entry['resolved']) || text(entry['version']);
    const found = judged(name, text(entry['integrity']), address);
    if (found !== undefined) return found;
  }
  return undefined;
};

function inOne(value: unknown): [string, JsonObject][] {
  return Object.entries(objectOf(value)).map(([name, entry]) => [name, objectOf(entry)]);
}

/** Blocks of a file of indented lines: a key at one depth, with the lines below it. */
function blocks(lines: readonly string[], key: RegExp): readonly (readonly [string, string])[] {
  const found: [string, string][] = [];
  for (const line of lines) {
    const [, name] = key.exec(line) ?? [];
    const last = found.at(-1);
    if (name !== undefined) found.push([name, line.slice(line.indexOf(name) + name.length)]);
    else if (last !== undefined) last[1] += `\n${line}`;
  }
  return found;
}

/** yarn.lock of Yarn 1, and of Yarn 2 and later. */
const yarn: Reader = (lock) => {
  const isBerry = /^__metadata:/m.test(lock);
  for (const [key, body] of blocks(lock.split(/\r?\n/), /^(?:"?)([^\s#"][^"\n]*?)"?:\s*$/)) {
    if (key === '__metadata') continue;
    const name = key.replace(/(.)@.*/s, '$1');
    if (isBerry) {
      const resolution = /^ {2}resolution: "?([^"\n]+)/m.exec(body)?.[1] ?? '';
      const source = resolution.replace(/^@?[^@]+@/, '').replace(/^npm:.*/, '');
      const isLocal = /^(?:workspace|link|portal|file|patch):/.test(source);
      // Yarn leaves the sum out for packages of other platforms, which it does not fetch.
      const isSummed = /^ {2}(?:checksum: \S{32}|conditions: )/m.test(body);
      if (isLocal || isSummed) continue;
      const found = judged(name, '', source);
      if (found !== undefined) return found;
    } else {
      const resolved = /^ {2}resolved "([^"]+)"/m.exec(body)?.[1] ?? '';
      const version = /^ {2}version "([^"]+)"/m.exec(body)?.[1] ?? '';
      const sum = /^ {2}integrity (\S.*)$/m.exec(body)?.[1] ?? '';
      // `file:` and `link:` have no address; an address of Yarn 1 ends in SHA-1.
      if (resolved === '' && /@(?:file|link):/.test(key)) continue;
      const found = judged(name, sum, resolved || version);
      if (found !== undefined) return found;
    }
  }
  return undefined;
};

/** pnpm-lock.yaml as pnpm writes it. */
const pnpm: Reader = (lock) => {
  const lines = lock.split(/\r?\n/);
  const start = lines.indexOf('packages:');
  if (start < 0)
    return /^['"]?packages['"]?\s*:/m.test(lock) ? { reason: 'it is not read' } : undefined;
  const end = lines.findIndex((line, at) => at > start && /^\S/.test(line));
  const own = lines.slice(start + 1, end < 0 ? undefined : end);
  for (const [key, body] of blocks(own, /^ {2}'?([^\s'][^']*?)'?:\s*$/)) {
    const resolution = /^ {4}resolution: (\{[^\n]*\})/m.exec(body)?.[1] ?? '';
    if (/\btype: directory\b/.test(resolution)) continue;
    const commit = /\bcommit: ([0-9a-f]{40})\b/.exec(resolution)?.[1];
    if (commit !== undefined) continue;
    const address = /\b(?:tarball|repo): '?([^\s,'}]+)/.exec(resolution)?.[1] ?? '';
    const found = judged(key.replace(/^\//, ''), resolution, address);
    if (found !== undefined) return found;
  }
  return undefined;
};

const READERS: readonly (readonly [RegExp, Reader])[] = [
  [/(?:package-lock|npm-shrinkwrap)\.json$/, npm],
  [/yarn\.lock$/, yarn],
  [/pnpm-lock\.yaml$/, pnpm],
];

/** First npm, Yarn or pnpm lock entry with no sum or commit; undefined for none or other files. */
export function uncheckedEntry(name: string, lock: string): UncheckedEntry | undefined {
  const found = READERS.find(([file]) => file.test(name))?.[1](lock);
  return found === undefined ? undefined : { ...found, reason: `${name}: ${found.reason}` };
}
