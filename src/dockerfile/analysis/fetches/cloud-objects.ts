import { lookup } from '../../../model/lookup.ts';
import { constantField } from '../../shell/fields.ts';
import type { CommandEvent } from '../build-event.ts';
import { type CommandLine, optionNames, readCommandLine } from '../command-line.ts';
import { type Fetch, fetchOf } from './fetch.ts';

/** A program that is told by options what to fetch from a service, and where to. */
interface Fetcher {
  /** Beginnings of its command lines. */
  readonly verbs: readonly string[];
  /** Options that name what is fetched, those that name its file, and its folder. */
  readonly name: string;
  readonly file: string;
  readonly folder?: string;
  readonly valued?: string;
  /** The words behind the verb name it where no option does. */
  readonly named?: true;
  /** The last word is the file. */
  readonly lastIsFile?: true;
}

const FETCHERS = lookup<Fetcher>({
  // What a release's download writes is told by a pattern, if at all.
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
    file: '',
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
    file: '',
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

function targetOf({ file, folder = '', lastIsFile }: Fetcher, line: CommandLine): string {
  const last = lastIsFile === true ? line.operands.at(-1) : undefined;
  const name = (last ?? line.values(...file.split(' '))[0])?.text ?? '';
  const into = line.values(...folder.split(' '))[0]?.text;
  if (name === '' && into !== undefined) return into;
  return name === '' || into === undefined ? name : `${into}/${name}`;
}

/** Objects and releases that a service's own program fetches; nothing for other commands. */
export function cloudObjects(event: CommandEvent): readonly Fetch[] {
  const known = FETCHERS[event.program];
  if (known === undefined) return [];
  const options = [known.name, known.file, known.folder ?? '', known.valued ?? ''].join(' ');
  const line = readCommandLine(event.argv.slice(1), optionNames(options));
  const spoken = line.operands.map((f) => f.text);
  const verb = known.verbs.find(
    (one) => one === '' || `${spoken.join(' ')} `.startsWith(`${one} `),
  );
  if (verb === undefined) return [];
  const words =
    known.named === true ? line.operands.slice(verb === '' ? 0 : verb.split(' ').length) : [];
  const name = line.values(...known.name.split(' '))[0] ?? words[0];
  if (name === undefined && event.program === 'gdown') return [];
  const target = targetOf(known, line);
  const toOutput = target === '-';
  const address = { ...(name ?? constantField(`${event.program} ${verb}`)), constant: false };
  return [
    fetchOf(event, 'other', address, toOutput ? (event.writesTo[0] ?? '') : target, { toOutput }),
  ];
}
