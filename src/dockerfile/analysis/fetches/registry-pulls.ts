import { lookup } from '../../../model/lookup.ts';
import { constantField } from '../../shell/fields.ts';
import type { CommandEvent } from '../build-event.ts';
import { optionNames, readCommandLine } from '../command-line.ts';
import { type Fetch, fetchOf } from './fetch.ts';

/** How a program takes content out of a registry. */
interface Puller {
  readonly verbs: readonly string[];
  readonly valued?: string;
  /** The options that hold the reference; else it is the first word behind the verb. */
  readonly from?: string;
  /** What the reference begins with, where other things may stand there. */
  readonly prefix?: RegExp;
  /** An option by which it checks a signature itself. */
  readonly verify?: string;
}

const PULLERS = lookup<Puller>({
  oras: {
    verbs: ['pull', 'blob fetch', 'manifest fetch', 'copy', 'cp'],
    valued: '-o --output --config --platform -u --username -p --password --concurrency',
  },
  crane: { verbs: ['pull', 'export', 'blob'], valued: '--platform --format -c --cache_path' },
  skopeo: {
    verbs: ['copy'],
    valued:
      '--src-creds --dest-creds --authfile --policy --format --override-arch --override-os --src-tls-verify',
    prefix: /^docker:\/\//,
  },
  docker: { verbs: ['pull', 'image pull'], valued: '--platform' },
  podman: { verbs: ['pull', 'image pull'], valued: '--platform --arch --os --creds --authfile' },
  nerdctl: { verbs: ['pull', 'image pull'], valued: '--platform -n --namespace' },
  ctr: { verbs: ['image pull', 'images pull', 'i pull'], valued: '-n --namespace --platform' },
  regctl: { verbs: ['image export', 'artifact get', 'blob get'], valued: '-p --platform' },
  imgpkg: { verbs: ['pull'], valued: '-o --output', from: '-i --image -b --bundle' },
  flux: { verbs: ['pull artifact'], valued: '-o --output', prefix: /^oci:\/\// },
  helm: {
    verbs: ['pull', 'fetch'],
    valued:
      '--version -d --destination --untardir --repo --username --password --ca-file --cert-file --key-file --keyring',
    verify: '--verify',
  },
});

const DIGEST = /@sha(?:256:[0-9a-f]{64}|512:[0-9a-f]{128})$/;

/** Images, charts and artifacts that a command pulls: held by a digest in the reference, else by whatever the tag names. */
export function registryPulls(event: CommandEvent): readonly Fetch[] {
  const known = PULLERS[event.program];
  if (known === undefined) return [];
  const line = readCommandLine(
    event.argv.slice(1),
    optionNames([known.valued, known.from].join(' ')),
  );
  const spoken = line.operands.map((f) => f.text).join(' ');
  const verb = known.verbs.find((one) => spoken.startsWith(`${one} `) || spoken === one);
  if (verb === undefined) return [];
  const named = line.operands.slice(verb.split(' ').length);
  const given = known.from === undefined ? named : line.values(...known.from.split(' '));
  const [pulled] = given;
  if (pulled === undefined || known.prefix?.test(pulled.text) === false) return [];
  const file = line.values('-o', '--output')[0] ?? (verb === 'export' ? named[1] : undefined);
  const target = file === undefined || file.text === '-' ? '' : file.text;
  const checks =
    known.verify !== undefined && line.has(known.verify)
      ? `${event.program} ${known.verify}`
      : undefined;
  const method = DIGEST.test(pulled.text) ? 'digest' : checks;
  const own = method === undefined ? {} : { ownCheck: { method, range: event.range } };
  const toOutput = target === '' && (file?.text === '-' || event.writesTo.length === 0);
  const written = target === '' ? (event.writesTo[0] ?? '') : target;
  const address = { ...constantField(pulled.text), constant: false };
  return [fetchOf(event, 'other', address, written, { toOutput, ...own })];
}
