import type { Download, PackageInstall, UnreadLine } from '../../src/model/build-analysis.ts';
import {
  type BuildFact,
  type DeclarationsFact,
  type EvidenceSource,
  type Facts,
  type FileFact,
  type FilesystemFact,
  known,
  type ReproductionFact,
  type SecretsFact,
  type Severity,
  unknownFact,
  type UsedImage,
} from '../../src/model/facts.ts';
import type { FoundAttestation } from '../../src/model/statement.ts';
import {
  attestation,
  build,
  buildDoing,
  cve,
  declared,
  dockerfile,
  download,
  factsOf,
  filesystem,
  image,
  INDEX,
  install,
  LAYER,
  link,
  MANIFEST,
  OTHER,
  packages,
  PIN,
  pkg,
  program,
  range,
  replaying,
  scan,
  used,
} from './facts-builder.ts';

/** What stands for long texts in the table. */
const SIGNS: Readonly<Record<string, string>> = {
  '@MANIFEST': MANIFEST,
  '@INDEX': INDEX,
  '@OTHER': OTHER,
  '@LAYER': LAYER,
  '@PIN': PIN,
  '@CDX': '"bomFormat":"CycloneDX","specVersion":"1.6"',
  '@LIBC': '{"type":"library","name":"libc6","version":"2.41-12"}',
  '@ZLIB':
    '{"type":"library","name":"zlib1g","version":"1.3-1","purl":"pkg:deb/debian/zlib1g@1%3A1.3-1?arch=amd64"}',
  '@SCOPED': '{"type":"library","group":"@scope","name":"x","version":"1.0.0"}',
  '@FOUR':
    '[["libc6","2.41-12"],["zlib1g","1:1.3-1"],["@scope/x","1.0.0","npm"],["left","2","npm"]]',
  '@START': '"execve","openat","close","write","futex","fstatfs","getdents64"',
};

/** A file by its path, `LINK -> TARGET`, or a path with what is special of it. */
type File = string | readonly [path: string, given: Partial<FileFact>];
type Lined<T> = Partial<T> & { readonly line?: number };
/** Without an address where it is null. */
type GivenDownload = Lined<Omit<Download, 'url'>> & { readonly url?: string | null };
interface Build {
  /** Bases of the Dockerfile's stages; a number is another stage. */
  readonly from?: readonly (string | number)[];
  /** How the Dockerfile is known; by default from the build. */
  readonly source?: EvidenceSource;
  readonly used?: readonly (string | readonly [string, Partial<UsedImage>])[];
  readonly does?: {
    readonly installs?: readonly Lined<PackageInstall>[];
    readonly downloads?: readonly GivenDownload[];
    readonly unread?: readonly Lined<UnreadLine>[];
    readonly partial?: string;
  };
  readonly replayed?: readonly string[];
  readonly pastProxy?: string;
  readonly finishedAt?: string;
  readonly epoch?: number;
}
interface Statements {
  readonly signatures?: [];
  readonly attestations?: readonly [string, unknown, Partial<FoundAttestation>?][];
  readonly source?: EvidenceSource;
}
/** The facts of a row; those without a key are not known. A text says why one is not. */
interface Given {
  readonly image?: Parameters<typeof image>[0];
  readonly filesystem?:
    | readonly File[]
    | (Partial<Omit<FilesystemFact, 'has' | 'elevated' | 'managerFiles'>> & {
        readonly files?: readonly File[];
        readonly elevated?: readonly File[];
        readonly managerFiles?: readonly File[];
        readonly has?: readonly string[];
      });
  /** Packages, or how many. */
  readonly packages?: number | readonly (string | Parameters<typeof pkg>)[];
  readonly secrets?: SecretsFact;
  readonly attestations?: Statements | NonNullable<Statements['attestations']>;
  readonly vulnerabilities?: string | readonly [string, Severity, string, string?][];
  readonly reproduction?: string | (ReproductionFact & { readonly source?: EvidenceSource });
  readonly declared?: Partial<DeclarationsFact>;
  readonly build?: Build;
}

function fileOf(file: File): FileFact {
  if (typeof file !== 'string') return program(...file);
  const [path = '', target] = file.split(/ -> ?/);
  return target === undefined ? program(path) : link(path, target === '' ? undefined : target);
}

function filesystemOf(given: NonNullable<Given['filesystem']>): Facts['filesystem'] {
  if (Array.isArray(given)) return filesystem((given as readonly File[]).map(fileOf));
  const {
    files = [],
    elevated,
    managerFiles,
    has = [],
    ...rest
  } = given as Exclude<typeof given, readonly File[]>;
  return filesystem(files.map(fileOf), {
    elevated: (elevated ?? []).map(fileOf),
    managerFiles: (managerFiles ?? []).map(fileOf),
    has: (path) => has.includes(path),
    ...rest,
  });
}

function packagesOf(given: NonNullable<Given['packages']>): Facts['packages'] {
  const list = typeof given === 'number' ? Array.from({ length: given }, (_, i) => `p${i}`) : given;
  return packages(...list.map((one) => (typeof one === 'string' ? pkg(one) : pkg(...one))));
}

function attestationsOf(given: NonNullable<Given['attestations']>): Facts['attestations'] {
  const statements = Array.isArray(given) ? { attestations: given } : (given as Statements);
  const { source = 'image', attestations = [], ...rest } = statements as Statements;
  const found = attestations.map((one) => attestation(...one));
  return known({ signatures: [], ...rest, attestations: found }, source);
}

const lined = <T>({ line, ...rest }: Lined<T>) =>
  (line === undefined ? rest : { ...rest, range: range(line) }) as Partial<T>;

/** A check is in the line behind its download. */
function downloadOf({ url, ...given }: GivenDownload): Download {
  const at = { range: range(6) };
  const { verifiedBy, ineffectiveCheck, ...rest } = lined<Download>(given);
  return download({
    ...(url === undefined ? {} : { url: url ?? undefined }),
    ...rest,
    ...(verifiedBy === undefined ? {} : { verifiedBy: { ...verifiedBy, ...at } }),
    ...(ineffectiveCheck === undefined ? {} : { ineffectiveCheck: { ...ineffectiveCheck, ...at } }),
  });
}

function buildOf({ from, source = 'build', used: images, does, replayed, ...rest }: Build) {
  const analysis = does && {
    installs: (does.installs ?? []).map((one) => install(lined(one))),
    downloads: (does.downloads ?? []).map(downloadOf),
    unread: (does.unread ?? []).map((one) => lined<UnreadLine>(one) as UnreadLine),
    ...(does.partial === undefined ? {} : { partial: does.partial }),
  };
  if (from === undefined && analysis !== undefined) {
    const made = buildDoing(analysis, rest);
    return replayed === undefined ? made : replaying(made, ...replayed);
  }
  const given: Partial<BuildFact> = {
    ...(from === undefined ? {} : { dockerfile: known(dockerfile(...from), source) }),
    ...(images === undefined
      ? {}
      : {
          images: known(
            images.map((one) => (typeof one === 'string' ? used(one) : used(...one))),
            'build',
          ),
        }),
    ...(analysis === undefined ? {} : { analysis }),
  };
  return build({ ...given, ...rest });
}

/** The facts that a row of verdicts.tsv gives. */
export function factsOfCase(text: string): Facts {
  const whole = Object.entries(SIGNS).reduce(
    (all, [sign, long]) => all.replaceAll(sign, () => long),
    text || '{}',
  );
  const given = JSON.parse(whole) as Given;
  const { vulnerabilities: found, reproduction: again } = given;
  const { source = 'build', ...reproduction } =
    again === undefined || typeof again === 'string' ? { source: undefined } : again;
  return factsOf({
    ...(given.image && { image: image(given.image) }),
    ...(given.filesystem && { filesystem: filesystemOf(given.filesystem) }),
    ...(given.packages !== undefined && { packages: packagesOf(given.packages) }),
    ...(given.secrets && { secrets: known(given.secrets, 'image') }),
    ...(given.attestations && { attestations: attestationsOf(given.attestations) }),
    ...(given.declared && { declarations: known(declared(given.declared), 'build') }),
    ...(given.build && { build: buildOf(given.build) }),
    ...(found !== undefined && {
      vulnerabilities:
        typeof found === 'string'
          ? unknownFact(found)
          : scan(
              ...found.map(([id, severity, name, fixedIn]) => ({
                ...cve(id, severity, name),
                ...(fixedIn === undefined ? {} : { fixedIn }),
              })),
            ),
    }),
    ...(again !== undefined && {
      reproduction:
        typeof again === 'string'
          ? unknownFact(again)
          : known(reproduction as ReproductionFact, source),
    }),
  });
}
