import { executableKind } from '../image/formats/elf.ts';
import { given } from '../lib/json.ts';
import type { FilesystemFact, FoundSecrets, SecretsFact } from '../model/facts.ts';
import type { ContentRequest, LayerCollector, LayerEntry, TarEntry } from '../model/image.ts';
import type { Package, UnreadablePackages } from '../model/packages.ts';
import type { Digest } from '../model/reference.ts';
import {
  ELEVATED,
  EXECUTE,
  filesystemFact,
  FileTree,
  isManagerFile,
  mayBeManagerFile,
  OS_RELEASES,
  PASSWD,
  type Place,
} from './filesystem.ts';
import {
  type CloserLook,
  FACTS_SCHEMA,
  type PlaceAttributes,
  type LayerFacts,
  type PlacedLayer,
} from './layer-facts.ts';
import { CAPABILITY, LayerTree, ownerId } from './layer-tree.ts';
import { catalogue, linkedRecords } from './packages/catalogue.ts';
import { packageCollector } from './packages/package-collector.ts';
import { secretCollector, secretsFact } from './secrets/secret-collector.ts';

/** Text that only the program has: its banner with a version, which tools that look for it lack. */
const BANNERS: readonly { readonly name: string; readonly text: RegExp }[] = [
  { name: 'busybox', text: /BusyBox v\d+\.\d+/ },
  { name: 'toybox', text: /toybox \d+\.\d+\.\d+|toybox v?%s/ },
];
/** What all banners share, to search programs once, and how many bytes a banner takes around it. */
const SHARED = Buffer.from('ox ');
const BEFORE = 5;
const BEHIND = 35;

/** The multi-call program that an ELF file's content shows, whatever the file is called. */
function multicallOf(content: Uint8Array): string | undefined {
  const bytes = asBuffer(content);
  for (let at = bytes.indexOf(SHARED); at >= 0; at = bytes.indexOf(SHARED, at + 1)) {
    const around = bytes.toString('latin1', Math.max(0, at - BEFORE), at + BEHIND);
    const found = BANNERS.find(({ text }) => text.test(around));
    if (found !== undefined) return found.name;
  }
  return undefined;
}

/** A variable for `cd`, known to shells and few other programs: only these are searched further. */
const OF_SHELLS = Buffer.from('CDPATH');
/** Texts that only the shell itself contains, all of them; seen in what Debian 13 has of each. */
const SHELL_TEXTS: Readonly<Record<string, readonly string[]>> = {
  bash: ['GNU bash, version %s'],
  zsh: ['zsh %s (%s-%s-%s)'],
  mksh: [' KSH R', 'KSH_VERSION'],
  ksh93: ['Version AJM 93'],
  dash: ['Illegal number: %s', 'Syntax error: %s'],
};

/** The shell that an ELF file's content shows, under any name; none for a multi-call program. */
function shellOf(content: Uint8Array): string | undefined {
  const bytes = asBuffer(content);
  if (!bytes.includes(OF_SHELLS)) return undefined;
  const found = Object.entries(SHELL_TEXTS).find(([, texts]) =>
    texts.every((text) => bytes.includes(text)),
  );
  return found?.[0];
}

function asBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

const HEAD = 256;
/** Sizes between which a file may be a shell or busybox: none is smaller, none was ever larger. */
const SHELL_FROM = 16 * 1024;
const SHELL_TO = 4 * 1024 * 1024;
/** Files whose text is read once all layers are known, and bytes above which none is. */
const TEXTS = new Set([PASSWD, ...OS_RELEASES]);
const MOST_TEXT = 256 * 1024;
const MODE = 0o7777;

/** Every place of a layer, with details of programs, links, files of note and of these sizes. */
function fileCollector(sizes: readonly number[]): LayerCollector<
  Pick<LayerFacts, 'paths' | 'attributes' | 'needsLower'>
> & {
  /** The path that the current entry fills, links followed; undefined for whiteouts and marks. */
  readonly path: () => string | undefined;
} {
  const tree = new LayerTree();
  const closer = new Set(sizes);
  let path: string | undefined;
  const isText = ({ type, size }: TarEntry): boolean =>
    type === 'file' && size <= MOST_TEXT && (closer.has(size) || TEXTS.has(path ?? ''));
  const mayRun = ({ type, mode, size }: TarEntry): boolean =>
    type === 'file' && ((mode & EXECUTE) !== 0 || closer.has(size));

  return {
    name: 'files',
    path: () => path,
    wants: ({ path: named, entry }) => {
      path = tree.add(named, entry);
      if (path === undefined) return { want: 'none' };
      if (isText(entry)) return { want: 'all', cap: MOST_TEXT };
      return mayRun(entry) ? programRequest(entry) : { want: 'none' };
    },
    visit: ({ entry }, content) => {
      if (path === undefined) return;
      const at = path;
      if (entry.type === 'hardlink')
        tree.describe((before, kind) => (kind === 'l' ? before : renamed(before, entry, at)));
      else if (entry.type !== 'file' || isText(entry) || mayRun(entry) || mayBeOfNote(at, entry))
        tree.describe(() => {
          const text = isText(entry) && content !== undefined ? textOf(content) : {};
          const program = mayRun(entry) ? programOf(content) : {};
          return ofNote(at, { ...ownerOf(entry), ...program, ...text }, entry.type);
        });
    },
    finish: () => tree.finish(),
  };
}

function programRequest({ size }: TarEntry): ContentRequest {
  return size >= SHELL_FROM && size <= SHELL_TO
    ? { want: 'all', cap: SHELL_TO }
    : { want: 'head', bytes: HEAD };
}

/** Applies a hard link's header to the file: the last one sets mode, owner and attributes. */
function renamed(
  before: PlaceAttributes | undefined,
  entry: TarEntry,
  path: string,
): PlaceAttributes | undefined {
  const content: { -readonly [K in keyof PlaceAttributes]?: PlaceAttributes[K] } = { ...before };
  delete content.capabilities;
  const isUnread = (entry.mode & EXECUTE) !== 0 && content.executable === undefined;
  const unread = isUnread ? ({ executable: 'unknown', unread: true } as const) : {};
  return ofNote(path, { ...content, ...ownerOf(entry), ...unread }, 'file');
}

type Owner = Pick<PlaceAttributes, 'mode' | 'uid' | 'gid' | 'capabilities'>;

function ownerOf(entry: TarEntry): Owner {
  const value = entry.pax[CAPABILITY];
  const capabilities = value === undefined ? [] : decodeCapabilities(value);
  return {
    mode: entry.mode & MODE,
    // Root unpacks.
    uid: ownerId(entry.uid) ?? 0,
    gid: ownerId(entry.gid) ?? 0,
    ...(capabilities.length === 0 ? {} : { capabilities }),
  };
}

function textOf(content: Uint8Array): Pick<PlaceAttributes, 'text'> {
  return { text: Buffer.from(content).toString('utf8') };
}

function programOf(
  content: Uint8Array | undefined,
): Pick<PlaceAttributes, 'executable' | 'multicall' | 'shell'> {
  const head = content ?? new Uint8Array();
  const executable = executableKind(head);
  const multicall = executable === 'elf' ? multicallOf(head) : undefined;
  const shell = executable === 'elf' && multicall === undefined ? shellOf(head) : undefined;
  return given({ executable, multicall, shell });
}

/** False for files of which nothing is to be known: most, so this comes first. */
function mayBeOfNote(path: string, { mode, pax }: TarEntry): boolean {
  return (
    (mode & (EXECUTE | ELEVATED)) !== 0 || pax[CAPABILITY] !== undefined || mayBeManagerFile(path)
  );
}

/** The attributes where something is to be known of the place besides its path. */
function ofNote(
  path: string,
  attributes: PlaceAttributes,
  type: TarEntry['type'],
): PlaceAttributes | undefined {
  const { mode, capabilities, executable, text } = attributes;
  if (type === 'symlink') return attributes;
  // Of those that only the paths of others name, engines make up owner and mode.
  if (type === 'directory') return { mode, uid: attributes.uid, gid: attributes.gid };
  if (type !== 'file') return undefined;
  const isNoted = (mode & (EXECUTE | ELEVATED)) !== 0 || capabilities !== undefined;
  return isNoted || executable !== undefined || text !== undefined || isManagerFile(path)
    ? attributes
    : undefined;
}

/** Names by number, linux/capability.h. */
const NAMES = (
  'chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable net_bind_service ' +
  'net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio sys_chroot sys_ptrace sys_pacct sys_admin ' +
  'sys_boot sys_nice sys_resource sys_time sys_tty_config mknod lease audit_write audit_control setfcap mac_override ' +
  'mac_admin syslog wake_alarm block_suspend audit_read perfmon bpf checkpoint_restore'
).split(' ');

const REVISION = 0xff000000;
/** Bytes by revision: magic, pairs of permitted and inheritable words; v3 ends with a root uid. */
const SIZES = new Map([
  [0x01000000, 12],
  [0x02000000, 20],
  [0x03000000, 24],
]);

/**
 * Decodes a `security.capability` attribute (VFS capabilities v1, v2, v3; capabilities(7)) given as
 * latin-1 text, to `cap_net_raw+ep` by name. A value of no known form is `unreadable`, since the
 * kernel's view of it is not known.
 */
export function decodeCapabilities(value: string): readonly string[] {
  const bytes = Buffer.from(value, 'latin1');
  if (bytes.length < 12) return ['unreadable'];
  const magic = bytes.readUInt32LE(0);
  const size = SIZES.get((magic & REVISION) >>> 0);
  if (size === undefined || bytes.length !== size) return ['unreadable'];
  const effective = (magic & 1) === 1;
  const words = size === 12 ? 1 : 2;
  const found: string[] = [];
  for (let word = 0; word < words; word += 1) {
    const permitted = bytes.readUInt32LE(4 + word * 8);
    const inheritable = bytes.readUInt32LE(8 + word * 8);
    for (let bit = 0; bit < 32; bit += 1) {
      const isPermitted = ((permitted >>> bit) & 1) === 1;
      const isInheritable = ((inheritable >>> bit) & 1) === 1;
      if (!isPermitted && !isInheritable) continue;
      const name = NAMES[word * 32 + bit] ?? String(word * 32 + bit);
      const flags = `${effective ? 'e' : ''}${isInheritable ? 'i' : ''}${isPermitted ? 'p' : ''}`;
      found.push(`cap_${name}+${flags}`);
    }
  }
  return found;
}

/** Collectors for one walk over one layer, and what they gathered once it has ended. */
interface LayerCollection {
  readonly collectors: readonly LayerCollector<unknown>[];
  readonly facts: () => LayerFacts;
}

/** What to look for in a layer: secrets unless turned off, and some files in more detail. */
interface CollectOptions {
  readonly secrets?: boolean;
  readonly closer?: CloserLook | undefined;
}

/** Starts to collect a layer's facts. Pass `collectors` to the walk; call `facts` on success. */
export function collectLayer({
  secrets: withSecrets = true,
  closer,
}: CollectOptions = {}): LayerCollection {
  const files = fileCollector(closer?.sizes ?? []);
  const packages = packageCollector(closer?.records);
  const secrets = secretCollector();
  // Files come first: the others see an entry where it is unpacked, which links of its layer
  // decide.
  const placed = <T>(collector: LayerCollector<T>): LayerCollector<T> => ({
    ...collector,
    wants: (entry) => collector.wants(atPlace(entry, files.path())),
    visit: (entry, content, truncated) => {
      collector.visit(atPlace(entry, files.path()), content, truncated);
    },
  });
  const others = withSecrets ? [packages, secrets] : [packages];
  return {
    collectors: [files, ...others.map((collector) => placed<unknown>(collector))],
    facts: () => ({
      schema: FACTS_SCHEMA,
      ...files.finish(),
      ...secrets.finish(),
      secretsScanned: withSecrets,
      ...packages.finish(),
    }),
  };
}

function atPlace(entry: LayerEntry, path: string | undefined): LayerEntry {
  return path === undefined || path === entry.path ? entry : { path, entry: entry.entry };
}

/**
 * What to read again, by layer: other layers or links decide that it counts. passwd and os-release
 * may be links, a hard link may make a file executable, and a record of packages may have its name
 * only by a link.
 */
export function closerLooks(tree: FileTree): ReadonlyMap<Digest, CloserLook> {
  const sizes = closerSizes(tree);
  const records = linkedRecords(tree);
  return new Map(
    [...new Set([...sizes.keys(), ...records.keys()])].map((layer) => [
      layer,
      {
        sizes: [...(sizes.get(layer) ?? [])].sort((a, b) => a - b),
        records: records.get(layer) ?? {},
      },
    ]),
  );
}

function closerSizes(tree: FileTree): ReadonlyMap<Digest, ReadonlySet<number>> {
  const looks = new Map<Digest, Set<number>>();
  const look = ({ layer, size }: Place): void => {
    looks.set(layer, (looks.get(layer) ?? new Set()).add(size));
  };
  for (const path of [PASSWD, ...OS_RELEASES]) {
    const file = tree.find(path, true)?.inode;
    if (file?.kind !== 'f' || file.size > MOST_TEXT) continue;
    if (file.attributes?.text === undefined) look(file);
  }
  if (tree.hasUnread)
    for (const place of tree.places())
      if (place.kind === 'f' && place.attributes?.unread === true) look(place);
  return looks;
}

export interface ImageContent {
  readonly filesystem: FilesystemFact;
  readonly packages: readonly Package[];
  /** Records of packages that could not be read: with any, `packages` may lack some. */
  readonly unreadablePackages: readonly UnreadablePackages[];
  readonly secrets: SecretsFact;
}

/** Folds facts of layers, lowest first, with `otherSecrets` from outside. `tree` has all layers. */
export function foldLayers(
  layers: readonly PlacedLayer[],
  otherSecrets: FoundSecrets = { findings: [], gaps: [] },
  tree: FileTree = new FileTree(layers),
): ImageContent {
  const filesystem = filesystemFact(tree);
  const { packages, unreadable } = catalogue(tree, layers, filesystem.osRelease);
  return {
    filesystem,
    packages,
    unreadablePackages: unreadable,
    secrets: secretsFact(tree, layers, otherSecrets),
  };
}
