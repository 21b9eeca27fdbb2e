import type { CommandEvent } from '../build-event.ts';
import { addressName, COMMIT, type Fetch, fetchOf, isRemote } from './fetch.ts';
import { comparesHash } from './scripted-checks.ts';
import { WINDOWS_SHELLS } from './windows-fetches.ts';

export const SCRIPTED =
  /^(?:python[\d.]*|pypy[\d.]*|perl|ruby|node|nodejs|bun|deno|php[\d.]*|pwsh|powershell|R|Rscript|julia|lua|tclsh)$/;
/** An address, and a word of the language's that fetches it. */
const FETCHES =
  /urlopen|urlretrieve|requests\.get|httpx\.|wget\.download|LWP|HTTP::Tiny|getstore|open-uri|Net::HTTP|fetch\(|https?['"]?\)?\.get\(|axios|file_get_contents|curl_init|copy\(|download\.file|install_url|Downloads\.download|download_url_to_file|load_state_dict_from_url|http\.request/i;
/** Models by the name of a repository; `./x` and `/x` are folders. */
const MODEL =
  /\b(?:snapshot_download|hf_hub_download|from_pretrained|SentenceTransformer|WhisperModel|torch\.hub\.load)\(\s*(?:repo_id\s*=\s*)?\\?['"]([^'"./\\][^'"\\]*)/;
const REVISION = /\brevision\s*=\s*\\?['"]([0-9a-f]{40})\b/;
/** R packages out of a repository: `install_github('owner/name@COMMIT')`. */
const REPOSITORY = /\binstall_(?:github|gitlab|bitbucket|git)\(\s*\\?['"]([^'"\\]+)/;

const WRITTEN =
  /^\\?['"]\s*,\s*(?:destfile\s*=\s*|filename\s*=\s*|dst\s*=\s*)?\\?['"]([\w./$:{}-]+)/;

/** The file that the script writes, where a call or an option names one. */
function writtenTo(text: string, address: string): string {
  const named = WRITTEN.exec(text.slice(text.indexOf(address) + address.length))?.[1];
  return named ?? addressName(address);
}

/** A hash that the script itself compares with what it fetched, and whose difference ends it. */
function ownHash(text: string): boolean {
  return /\b[0-9a-f]{64,128}\b|SHA|SUM|HASH|EXPECTED/.test(text) && comparesHash(text);
}

/** A script's first address, and those that begin a call: `urlretrieve('https://...', 'f')`. */
function addressesIn(text: string): readonly string[] {
  const found = text.matchAll(
    /(?<call>\(\s*\\?['"])?(?<address>(?:https?|ftp):\/\/[^\s'"`)\\]+)/gi,
  );
  const all = [...found].flatMap(({ groups }, at) =>
    at === 0 || groups?.['call'] !== undefined ? (groups?.['address'] ?? []) : [],
  );
  return [...new Set(all)];
}

function scriptFetch(event: CommandEvent, text: string, constant: boolean): readonly Fetch[] {
  const own = ownHash(text)
    ? { ownCheck: { method: 'a hash in the same script', range: event.range } }
    : {};
  const fetched = FETCHES.test(text) ? addressesIn(text).filter(isRemote) : [];
  if (fetched.length > 0)
    return fetched.map((address) => {
      const field = { text: address, constant, sources: [] };
      return fetchOf(event, 'other', field, writtenTo(text, address), own);
    });
  const model = MODEL.exec(text)?.[1];
  const repository = REPOSITORY.exec(text)?.[1];
  const name = model ?? repository;
  if (name === undefined) return [];
  const ref = model === undefined ? name.replace(/^.*[@#]/, '') : REVISION.exec(text)?.[1];
  const pinned = COMMIT.test(ref ?? '');
  const held = pinned ? { ownCheck: { method: 'commit', range: event.range } } : {};
  return [fetchOf(event, 'other', { text: name, constant: false, sources: [] }, '', held)];
}

/** Programs that run a module by its address. */
function denoModules(event: CommandEvent): readonly Fetch[] {
  const words = event.argv.slice(1);
  const runs = words.some((f) => /^(?:run|install|cache|compile|add|serve|i)$/.test(f.text));
  const frozen = words.some((f) => /^--frozen(?:=true)?$/.test(f.text));
  if (!runs) return [];
  const own = frozen ? { ownCheck: { method: 'deno --frozen', range: event.range } } : {};
  return words
    .filter((f) => /^https?:\/\//i.test(f.text) && isRemote(f.text))
    .map((address) => fetchOf(event, 'other', address, '', own));
}

/** What an interpreter's script or input fetches: `python -c "urlretrieve('https://...')"`. */
export function scriptedFetches(event: CommandEvent): readonly Fetch[] {
  if (!SCRIPTED.test(event.program) || WINDOWS_SHELLS.test(event.program)) return [];
  const modules = event.program === 'deno' ? denoModules(event) : [];
  const input = event.input === undefined ? [] : [event.input];
  const scripts = [...event.argv.slice(1), ...input];
  return [...modules, ...scripts.flatMap((f) => scriptFetch(event, f.text, f.constant))];
}
