import type { DownloadKind } from '../../../model/build-analysis.ts';
import { managerOf } from '../../../programs/managers/catalogue.ts';
import type { CommandEvent } from '../build-event.ts';
import { readCommandLine } from '../command-line.ts';
import { type Fetch, fetchOf, isRemote } from './fetch.ts';
import { commit } from './git-fetches.ts';

/** Options whose value is an address of an index, a mirror or a proxy. */
const INDEXES: ReadonlySet<string> = new Set(
  (
    '-i -f -X --index-url --extra-index-url --default-index --index --find-links --proxy --https-proxy --noproxy --registry ' +
    '--source --server --repository --repo --repofrompath --trusted-host --keyserver --mirror --setopt --allow-insecure-host --cache --option -o'
  ).split(' '),
);

/** Addresses among the packages of a language's installer, each with what pins it. */
function packageAddresses(event: CommandEvent, kind: DownloadKind): readonly Fetch[] {
  const installs = event.argv.some((f) => /^(?:install|i|add|wheel|download|in)$/.test(f.text));
  if (!installs && !/^(?:cpanm|easy_install)/.test(event.program)) return [];
  return event.argv.slice(1).flatMap((field, index) => {
    const before = event.argv[index]?.text ?? '';
    // The value of an option, such as an index; `-e ADDRESS`, `-r ADDRESS` and what follows a
    // switch are fetched all the same.
    if (INDEXES.has(before)) return [];
    const found = /(?:git\+)?(?:https?|ssh):\/\/\S+/i.exec(field.text)?.[0];
    // conda's `-c` names a channel, pip's a file of constraints.
    if (/conda|mamba/.test(event.program) && !/\.(?:conda|tar\.bz2)\b/.test(field.text)) return [];
    const hub = kind === 'npm-url' && /^(?:github:)?[\w.-]+\/[\w.-]+(?:#\S*)?$/.test(field.text);
    const address = found ?? (hub ? field.text : undefined);
    if (address === undefined || field.text.startsWith('-') || !isRemote(address)) return [];
    const pinned = /(?:@|#(?:commit=)?|\/)([0-9a-f]{40})(?:[#&?]|$)/i.test(address);
    const hashed = /^[^#]*#(?:.*&)?sha(?:256|384|512)[=-][0-9a-z+/=]{32,}/i.test(address);
    const ownCheck = hashed
      ? { ownCheck: { method: 'hash in the address', range: event.range } }
      : commit(event.range, pinned && (/git/.test(address) || hub));
    return [fetchOf(event, kind, { ...field, text: address }, '', ownCheck)];
  });
}

/** The package that a runner runs by address: `npx github:a/b`, `uvx --from git+https://...`. */
function runAddresses(event: CommandEvent): readonly Fetch[] {
  const isPipx = event.program === 'pipx';
  const line = readCommandLine(event.program, event.argv.slice(isPipx ? 2 : 1));
  const packages = line.values('-p', '--package', '--from', '--spec');
  const kind = /^(?:uvx|pipx)$/.test(event.program) ? 'pip-url' : 'npm-url';
  const [run] = packages.length > 0 ? packages : line.operands;
  if (run === undefined || !/^(?:git\+|https?:|github:|gitlab:|git@)/.test(run.text)) return [];
  const pinned = /[@#][0-9a-f]{40}$/.test(run.text);
  return isRemote(run.text) ? [fetchOf(event, kind, run, '', commit(event.range, pinned))] : [];
}

/** Packages that commands fetch from an address; nothing for other commands. */
export function packageFetches(event: CommandEvent): readonly Fetch[] {
  const { program } = event;
  if (program === 'rpm') {
    const addresses = event.argv.filter((f) => /^https?:/.test(f.text));
    return event.argv.some((f) =>
      /^(?:-[a-hj-zA-TV-Z]*[iU][a-zA-Z]*|--install|--upgrade)$/.test(f.text),
    )
      ? addresses.map((address) => fetchOf(event, 'package-url', address, ''))
      : [];
  }
  const runs = program === 'pipx' && event.argv[1]?.text === 'run';
  if (runs || /^(?:npx|bunx|pnpx|uvx)$/.test(program)) return runAddresses(event);
  // Plugins of elasticsearch, logstash and the like.
  if (/-plugin$/.test(program)) return packageAddresses(event, 'other');
  const kind = managerOf(program)?.fetches;
  return kind === undefined ? [] : packageAddresses(event, kind);
}
