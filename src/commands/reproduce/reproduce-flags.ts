import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { UserError } from '../../model/errors.ts';
import type { ReportRequest } from '../../model/report.ts';
import { parseReportRequests } from '../../plans/report-request.ts';
import { readFlags } from '../flags.ts';
import { type NamedSigners, namedSigners, SIGNER_FLAGS } from '../signer-flags.ts';

export const REPRODUCE_HELP = `Usage: scoville reproduce [--attest] [scoville build flags] PATH|URL
       scoville reproduce [flags] IMAGE

PATH: builds the image, then again without a cache, from a copy of the context in another folder with other times, and compares the
image manifests. Nothing is tagged, loaded or pushed.
IMAGE: a published image, built again from what its provenance says: the source at its commit, fetched anew, with the recorded arguments, images by
digest and epoch; its manifests are compared with the new ones. Where the provenance lacks what that takes, the answer is exit 2.

Where they differ, names each file, in what it differs, the Dockerfile line that wrote it, why, and what to do.
Exit 0: the same digest; 1: not; 2: it cannot be told. A build of PATH that fails keeps buildx' code; one of IMAGE is exit 2.

PATH takes the flags of \`scoville build\`, among them:
  --attest               sign the result and keep it with the newest build of that name (-t NAME): scoville push publishes it,
                         scoville grade and verify read it
  --tomorrow             run the second build's RUNs on the next day (takes libfaketime here); exit 2 where that cannot be arranged
  --json                 the comparison as JSON (docs/reproducibility.md)
  --report FORMAT[=FILE] terminal, json or html; may be repeated
  --diffoscope           have diffoscope, where it is installed, look into the first ten binary files that differ
  --repro MODE           which normalising rules are used: safe, aggressive or off

IMAGE takes
  --source URL           fetch the commit from this repository (https or file) in place of the one that is named
  --build-arg NAME=VALUE an argument whose value the provenance masks; --secret and --ssh as for \`scoville build\`
  --key FILE|URI         a public key that must have signed the provenance; may be repeated
  --certificate-identity NAME    or a keyless signer, with --certificate-oidc-issuer URL; either as --...-regexp PATTERN
  --trusted-root FILE    sigstore's trusted root for keyless signatures (default: cosign fetches it)
  --attest               sign the result and publish it beside the image
  --signing-key KEY|URI  with this key (default: sign.key, else your own)
  --platform OS/ARCH     only this platform
  --json, --report, --diffoscope   as above
  --plain-http HOST      speak HTTP without TLS to this registry; may be repeated (loopback hosts need none)
  --policy FILE          a settings file: its keys, registries and sign.key count
`;

const many = { type: 'string', multiple: true, default: [] as string[] } as const;
const text = { type: 'string' } as const;
const flag = { type: 'boolean', default: false } as const;

const IMAGE_FLAGS = {
  ...SIGNER_FLAGS,
  attest: flag,
  'signing-key': text,
  source: text,
  'build-arg': many,
  secret: many,
  ssh: many,
  platform: text,
  json: flag,
  report: many,
  diffoscope: flag,
  'plain-http': many,
  policy: text,
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/** What `scoville reproduce IMAGE` was asked for. */
export interface ImageFlags {
  readonly image: string;
  readonly signers: NamedSigners;
  readonly attest: boolean;
  readonly signingKey: string | undefined;
  readonly source: string | undefined;
  readonly buildArgs: readonly string[];
  readonly secrets: readonly string[];
  readonly ssh: readonly string[];
  readonly platform: string | undefined;
  readonly json: boolean;
  readonly reports: readonly ReportRequest[];
  readonly deeper: boolean;
  readonly plainHttp: readonly string[];
  readonly policy: string | undefined;
}

/**
 * The flags, where an image is named; undefined where it is a build context: a folder that is there, a URL, stdin. Throws UserError for a flag that
 * does not go with an image.
 */
export async function readImageFlags(
  args: readonly string[],
  cwd: string,
): Promise<ImageFlags | undefined> {
  const named = await namedImage(args, cwd);
  if (named === undefined) return undefined;
  const { values } = readFlags('reproduce', args, IMAGE_FLAGS);
  const reports = parseReportRequests(values.report);
  if (!reports.ok) throw new UserError(reports.error);
  return {
    image: named,
    signers: namedSigners(values),
    attest: values.attest,
    signingKey: values['signing-key'],
    source: values.source,
    buildArgs: values['build-arg'],
    secrets: values.secret,
    ssh: values.ssh,
    platform: values.platform,
    json: values.json,
    reports: reports.value,
    deeper: values.diffoscope,
    plainHttp: values['plain-http'],
    policy: values.policy,
  };
}

async function namedImage(args: readonly string[], cwd: string): Promise<string | undefined> {
  const { positionals } = parseArgs({
    args: [...args],
    options: IMAGE_FLAGS,
    allowPositionals: true,
    strict: false,
  });
  // A digest names an image whatever else stands there; NAME=IMAGE is the value of a flag of build.
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

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
