import { resolve } from 'node:path';
import { OWN, SHOWN_BUILD_FLAGS } from '../build/flags.ts';
import {
  bool,
  type CommandSpec,
  flagTable,
  many,
  scanArguments,
  specsOf,
  text,
} from '../cli/flag-table.ts';
import {
  COMPARISON_REPORT,
  DIFFOSCOPE,
  JSON_FLAG,
  namedSigners,
  PLAIN_HTTP,
  PLATFORM,
  readFlags,
  REGRADE,
  SIGNER_FLAGS,
  SIGNING_KEY,
} from '../cli/flags.ts';
import { isFolder } from '../config/project-files.ts';

const BOTH = {
  attest: bool(
    'Sign the result. PATH: keep it with the newest build of that name (-t NAME), for scoville push, grade and verify. IMAGE: publish it beside the image',
  ),
  regrade: REGRADE,
  json: JSON_FLAG,
  report: COMPARISON_REPORT,
  diffoscope: DIFFOSCOPE,
};

/** Our flags for building a context twice, beside those of a build. */
const ONLY_PATH = {
  tomorrow: bool(
    "Run the second build's RUNs on the next day; exit 2 where that cannot be arranged",
  ),
  repro: OWN.repro,
};

const ONLY_IMAGE = {
  source: text(
    'URL',
    'Fetch the commit from this repository (https or file), not the one that is named',
  ),
  'build-arg': many('NAME=VALUE', 'An argument whose value the provenance masks; may be repeated'),
  secret: many('VALUE', 'As for scoville build; may be repeated'),
  ssh: many('VALUE', 'As for scoville build; may be repeated'),
  ...SIGNER_FLAGS,
  'signing-key': SIGNING_KEY,
  platform: PLATFORM,
  'plain-http': PLAIN_HTTP,
  policy: text('FILE', 'A settings file: its keys, registries and sign.key count', { path: true }),
};

export const REPRODUCE = {
  name: 'reproduce',
  usage: ['reproduce [flags] PATH|URL', 'reproduce [flags] IMAGE'],
  about: `
PATH: builds the image, then again without a cache, from a copy of the context in another folder with other times, and
compares the image manifests. Nothing is tagged, loaded or pushed.
IMAGE: a published image, built again from what its provenance says: the source at its commit, fetched again, with the
recorded arguments, images by digest and epoch; its manifests are compared with the new ones. Where the provenance lacks
what that takes, the answer is exit 2.

Where they differ, names each file, how it differs, the Dockerfile line that wrote it, why, and what to do.`,
  examples: [
    ['scoville reproduce .', 'build twice and compare'],
    ['scoville reproduce --attest -t my-app .', 'and sign the result'],
    ['scoville reproduce --key cosign.pub HOST/my-app:1', 'build a published image again'],
    ['scoville reproduce --report html=diff.html .', 'the differences as a page'],
  ],
  exits: [
    ['0', 'the same digest'],
    ['1', 'not the same digest, or attached to an image whose verdict would be lower now'],
    ['2', 'not known, or a wrong flag or setting'],
    ['130', 'canceled'],
    ['other', 'the exit code of buildx, for a failed build of PATH'],
  ],
  flags: { ...BOTH, ...ONLY_PATH, ...ONLY_IMAGE },
  titles: {
    attest: 'Both take',
    tomorrow: 'PATH takes the flags of scoville build, and',
    source: 'IMAGE takes',
  },
  also: SHOWN_BUILD_FLAGS,
} satisfies CommandSpec;

const IMAGE = { ...REPRODUCE, flags: { ...BOTH, ...ONLY_IMAGE } };

export type ImageFlags = NonNullable<Awaited<ReturnType<typeof readImageFlags>>>;

/**
 * The flags, if an image is named; undefined for a build context: an existing folder, a URL, stdin.
 * Throws UserError for a flag that does not fit an image.
 */
export async function readImageFlags(args: readonly string[], cwd: string) {
  const image = await namedImage(args, cwd);
  if (image === undefined) return undefined;
  const { flags } = readFlags(args, IMAGE);
  return {
    ...flags,
    image,
    signers: namedSigners(flags),
    buildArgs: flags.buildArg,
    secrets: flags.secret,
  };
}

async function namedImage(args: readonly string[], cwd: string): Promise<string | undefined> {
  const scanned = scanArguments(args, flagTable(specsOf(IMAGE.flags), []));
  const positionals = (scanned.ok ? scanned.value : []).flatMap((one) =>
    one.kind === 'positional' ? [one.text] : [],
  );
  // A digest always names an image; NAME=IMAGE is the value of a build flag.
  const byDigest = positionals.find((word) => /^[^=]+@sha256:[0-9a-f]{64}$/.test(word));
  if (byDigest !== undefined) return byDigest;
  const [only, second] = positionals;
  if (only === undefined || second !== undefined) return undefined;
  if (/^(?:registry|docker|docker-daemon|store|oci|oci-dir|oci-archive):/.test(only)) return only;
  const isContext =
    only === '-' ||
    /^(?:\.{0,2}\/|~\/|\.{1,2}$|[a-z+]+:\/\/|git@|github\.com\/)/.test(only) ||
    (await isFolder(resolve(cwd, only)));
  return isContext ? undefined : only;
}
