import { lookup } from '../model/lookup.ts';

/** What the options mean of a program that fetches from a service. */
export interface ServiceOptions {
  /** Those that name what is fetched, those that name its file, and its folder. */
  readonly name?: string;
  readonly file?: string;
  readonly folder?: string;
  /** Others that take a value. */
  readonly valued?: string;
}

/** A program whose options say what to fetch from a service, and where to. */
export interface ObjectFetcher extends ServiceOptions {
  /** Beginnings of its command lines. */
  readonly verbs: readonly string[];
  /** The words behind the verb name it where no option does. */
  readonly named?: true;
  /** The last word is the file. */
  readonly lastIsFile?: true;
}

export const OBJECT_FETCHERS = lookup<ObjectFetcher>({
  // A pattern says what a release's download writes, if anything does.
  gh: {
    verbs: ['release download', 'run download'],
    name: '-R --repo -n --name',
    file: '-O --output -p --pattern -A --archive',
    folder: '-D --dir',
    named: true,
  },
  glab: {
    verbs: ['release download'],
    name: '-R --repo',
    file: '-n --asset-name',
    folder: '-D --dir',
    named: true,
  },
  aws: {
    verbs: ['s3api get-object'],
    name: '--key --bucket',
    valued: '--region --profile --endpoint-url --version-id --range --query --output',
    lastIsFile: true,
  },
  az: {
    verbs: [
      'storage blob download',
      'storage blob download-batch',
      'storage file download',
      'artifacts universal download',
    ],
    name: '-n --name --blob-url -s --source -p --path',
    file: '-f --file --dest',
    folder: '-d --destination',
    valued:
      '-c --container-name --account-name --account-key --sas-token --connection-string --auth-mode -o --output ' +
      '--organization --feed --version --scope --project --pattern --share-name',
  },
  oci: {
    verbs: ['os object get'],
    name: '--name',
    file: '--file',
    valued: '-bn --bucket-name -ns --namespace',
  },
  gcloud: {
    verbs: ['artifacts generic download', 'artifacts files download'],
    name: '--name',
    folder: '--destination',
    valued: '--project --location --repository --package --version',
    named: true,
  },
  gdown: {
    verbs: [''],
    name: '--id',
    file: '-O --output',
    valued: '--proxy --format',
    named: true,
  },
  kaggle: {
    verbs: ['datasets download', 'competitions download', 'models instances versions download'],
    name: '-d --dataset -c --competition',
    file: '-f --file',
    folder: '-p --path',
    named: true,
  },
});

/** How a program takes content out of a registry. */
interface Puller extends ServiceOptions {
  /** Where no option holds the reference, it is the first word behind the verb. */
  readonly verbs: readonly string[];
  /** What the reference begins with, where other things may stand there. */
  readonly prefix?: RegExp;
  /** An option by which it checks a signature itself. */
  readonly verify?: string;
}

/** Programs that take images, charts and artifacts out of a registry. */
export const PULLERS = lookup<Puller>({
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
  imgpkg: { verbs: ['pull'], valued: '-o --output', name: '-i --image -b --bundle' },
  flux: { verbs: ['pull artifact'], valued: '-o --output', prefix: /^oci:\/\// },
  helm: {
    verbs: ['pull', 'fetch'],
    valued:
      '--version -d --destination --untardir --repo --username --password --ca-file --cert-file --key-file --keyring',
    verify: '--verify',
  },
});
