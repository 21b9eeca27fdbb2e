import { fileName } from '../../lib/text.ts';
import type { Instruction, SourceRange } from '../../model/dockerfile.ts';
import type { ElevatedFile, LeftContent, LeftFile } from '../../model/facts.ts';
import type { CommandEvent } from '../analysis/commands.ts';
import { isWithin } from '../analysis/stage-files.ts';
import { pathIn } from '../paths.ts';
import { mountsOf } from '../read-dockerfile.ts';

/** More than a person's Dockerfile leaves. */
const MOST = 2000;
/** A folder of the user who runs the command: all of them are one here. */
const HOME = /^(?:~|\$\{?HOME\}?|\/root|\/home\/[\w.-]+)(?=\/|$)/;

/** What lies at a path: content, or the bits that a file has. */
interface Entry {
  /** The places that it may lie at, the likeliest first. */
  readonly paths: readonly string[];
  readonly range: SourceRange;
  readonly what: LeftContent | { readonly kind: 'bits'; readonly bits: string };
  readonly open?: string | undefined;
}

function inHome(path: string): string {
  return path.replace(HOME, '/root');
}

/** The paths that a word names: itself and all below, or those that a `*` in it stands for. */
export class Named {
  readonly #text: string;
  readonly #around: readonly [string, string] | undefined;

  constructor(path: string) {
    this.#text = inHome(path);
    const star = this.#text.search(/[*?[]/);
    const end = Math.max(...['*', '?', ']'].map((sign) => this.#text.lastIndexOf(sign)));
    this.#around = star < 0 ? undefined : [this.#text.slice(0, star), this.#text.slice(end + 1)];
  }

  holds(path: string): boolean {
    const own = inHome(path);
    if (this.#around === undefined) return isWithin(own, this.#text);
    const [before, behind] = this.#around;
    return own.startsWith(before) && (own.endsWith(behind) || own.includes(`${behind}/`));
  }

  /** The part of a folder that it names; undefined where it names none in it. */
  below(folder: string): string | undefined {
    const own = inHome(folder);
    return this.#around === undefined && this.#text !== own && isWithin(this.#text, own)
      ? this.#text.slice(own === '/' ? 1 : own.length + 1)
      : undefined;
  }
}

/** What a criterion looks for that instructions put into a stage so far, minus what is gone. */
export class StageLedger {
  #entries: readonly Entry[] = [];
  readonly users = new Map<string, number>();
  readonly folders = new Set<string>();

  constructor(base?: StageLedger) {
    if (base === undefined) return;
    this.#entries = base.#entries;
    this.users = new Map(base.users);
    this.folders = new Set(base.folders);
  }

  put(path: string, what: Entry['what'], range: SourceRange, open?: string): void {
    if (this.#entries.length < MOST)
      this.#entries = [...this.#entries, { paths: [path], what, range, open }];
  }

  elevate(path: string, bits: string, range: SourceRange, open?: string): void {
    this.put(path, { kind: 'bits', bits }, range, open);
  }

  /** Takes bits from what a word names. */
  lower(named: Named | undefined, isOf: (bits: string) => boolean): void {
    this.#entries = this.#entries.filter(
      ({ what, paths }) =>
        what.kind !== 'bits' || !isOf(what.bits) || !paths.some((path) => named?.holds(path)),
    );
  }

  /** Removes what a word names; for an unknown word, all entries become uncertain, for `why`. */
  remove(named: Named | undefined, why: string): void {
    if (named === undefined) {
      this.#entries = this.#entries.map((one) => ({ ...one, open: one.open ?? why }));
      return;
    }
    this.#entries = this.#entries
      .filter(({ paths }) => !paths.some((path) => named.holds(path)))
      .map((one) => {
        const below = named.below(one.paths[0] ?? '');
        const { what } = one;
        return what.kind !== 'context' || below === undefined
          ? one
          : { ...one, what: { ...what, without: [...what.without, below] } };
      });
  }

  /** Copies `source` of `from` to `place`; `mode` tells what a copy keeps of elevated bits. */
  bring(
    from: StageLedger,
    source: string,
    place: string,
    mode: 'kept' | 'lost' | 'open',
    at?: SourceRange,
  ): void {
    const copies = copiesOf(inHome(source), inHome(place));
    const named = new Named(source);
    const brought = from.#entries.flatMap((one): readonly Entry[] => {
      const { what } = one;
      const range = at ?? one.range;
      const own = what.kind === 'bits' && mode === 'open' ? 'cp keeps it or not' : undefined;
      const paths = one.paths.flatMap((path) => copies(inHome(path)));
      const below = what.kind === 'context' ? named.below(one.paths[0] ?? '') : undefined;
      const part = what.kind === 'context' && below !== undefined ? partOf(what, below) : undefined;
      const to = place.endsWith('/') ? `${place}${fileName(source)}` : place;
      return [
        ...(paths.length === 0 || (what.kind === 'bits' && mode === 'lost')
          ? []
          : [{ ...one, paths, range, open: one.open ?? own }]),
        ...(part === undefined ? [] : [{ ...one, paths: [to], what: part, range }]),
      ];
    });
    this.#entries = [...this.#entries, ...brought].slice(0, MOST);
  }

  get files(): readonly LeftFile[] {
    return this.#entries.flatMap(({ what, ...one }) =>
      what.kind === 'bits' ? [] : [{ ...shown(one), content: what }],
    );
  }

  get elevated(): readonly ElevatedFile[] {
    return this.#entries.flatMap(({ what, ...one }) =>
      what.kind === 'bits' ? [{ ...shown(one), bits: what.bits }] : [],
    );
  }
}

function shown({ paths, range, open }: Omit<Entry, 'what'>) {
  return { path: paths[0] ?? '', range, ...(open === undefined ? {} : { open }) };
}

/** A file or folder within a folder of the context; undefined where it is gone. */
function partOf(
  content: LeftContent & { readonly kind: 'context' },
  below: string,
): LeftContent | undefined {
  const { source, without } = content;
  if (without.some((path) => isWithin(below, path))) return undefined;
  const inside = without.flatMap((path) =>
    path.startsWith(`${below}/`) ? [path.slice(below.length + 1)] : [],
  );
  return {
    kind: 'context',
    source: source === '' ? below : `${source}/${below}`,
    without: inside,
  };
}

/** Where a file lies behind a copy: at the place, or in it; nowhere where it is not taken. */
function copiesOf(from: string, to: string): (path: string) => readonly string[] {
  const source = pathIn('/', from);
  const star = source.indexOf('*');
  const [before, behind] = [source.slice(0, star), source.slice(source.lastIndexOf('*') + 1)];
  const place = pathIn('/', to);
  const within = source === '/' ? '/' : `${source}/`;
  return (path) => {
    if (path.startsWith(within)) return [pathIn('/', `${place}/${path.slice(within.length)}`)];
    const isTaken = star < 0 ? path === source : path.startsWith(before) && path.endsWith(behind);
    if (!isTaken) return [];
    const inFolder = pathIn('/', `${place}/${fileName(path)}`);
    return star >= 0 || to.endsWith('/') || to === '.' ? [inFolder] : [place, inFolder];
  };
}

/** Programs whose output or copy is what they read. */
const PASSES =
  /^(?:echo|printf|cat|tac|head|tail|tee|dd|sed|[gmn]?awk|perl|base64|base32|xxd|od|tr|cut|sort|uniq|paste|[ef]?grep|jq|yq|envsubst|gzip|gunzip|zcat|cp|mv|install|rsync|ln|tar|xargs|sponge)$/;
/** Of them, those that take whole folders. */
const COPIES = /^(?:cp|mv|rsync|tar)$/;
/** Where they make the file that they name. */
const SOURCES = /^(?:\.|source)$/;
/** Mounts whose files do not come into the layer. */
const OUTSIDE = /^(?:cache|tmpfs|secret|ssh|bind)$/;

/** A secret that a command has in hand. */
interface Held {
  readonly mount: string;
  /** Why that is not sure. */
  readonly open?: string;
}

/** Follows secret mounts of one RUN through variables, pipes and programs that pass them on. */
export class SecretFlow {
  readonly #files: readonly { readonly path: string; readonly mount: string }[];
  readonly #variables: readonly { readonly name: RegExp; readonly mount: string }[];
  readonly #outside: readonly string[];
  readonly #outputs = new Map<number, Held>();
  #sourced: string | undefined;

  constructor(instruction: Instruction, folder: string) {
    const mounts = mountsOf(instruction);
    const secrets = mounts.filter(({ type }) => type === 'secret');
    const idOf = ({ id, source, target = '' }: (typeof secrets)[number]): string =>
      id ?? source ?? target.slice(target.lastIndexOf('/') + 1);
    this.#files = secrets.flatMap((mount) =>
      mount['env'] !== undefined && mount['target'] === undefined
        ? []
        : [
            {
              path: pathIn(folder || '/', mount['target'] ?? `/run/secrets/${idOf(mount)}`),
              mount: idOf(mount),
            },
          ],
    );
    this.#variables = secrets.flatMap((mount) =>
      mount['env'] === undefined || !/^\w+$/.test(mount['env'])
        ? []
        : [{ name: new RegExp(`\\$\\{?${mount['env']}\\b`), mount: idOf(mount) }],
    );
    this.#outside = mounts.flatMap(({ type = 'bind', target = '' }) =>
      OUTSIDE.test(type) && target !== '' ? [pathIn(folder || '/', target)] : [],
    );
  }

  /** True for a path that is no part of the layer: in a mount, or of the kernel. */
  isOutside(path: string): boolean {
    return (
      /^\/(?:dev|proc|sys|run\/secrets)(?:\/|$)/.test(path) ||
      this.#outside.some((place) => isWithin(path, place))
    );
  }

  /** The secret that a command gets by its words, input or a file it reads; undefined for none. */
  of(event: CommandEvent): Held | undefined {
    if (this.#files.length === 0 && this.#variables.length === 0) return undefined;
    const held = this.#given(event) ?? this.#read(event);
    if (held !== undefined && PASSES.test(event.program)) this.#outputs.set(event.id, held);
    if (SOURCES.test(event.program)) this.#sourced ??= this.#read(event)?.mount;
    return held;
  }

  #given({ argv, input, pipedFrom, program }: CommandEvent): Held | undefined {
    const fields = [...argv.slice(1), ...(input === undefined ? [] : [input])];
    const ids = fields.flatMap(({ sources }) => sources);
    const through = [...ids, ...pipedFrom].flatMap((id) => this.#outputs.get(id) ?? [])[0];
    if (through !== undefined) return through;
    for (const { name, mount } of this.#variables)
      if (program === 'envsubst' || fields.some(({ text }) => name.test(text))) return { mount };
    const mount = this.#sourced;
    const isOpen =
      program === 'envsubst' ||
      fields.some(({ text, constant }) => !constant && /\$\{?[A-Za-z_]/.test(text));
    if (mount === undefined || !isOpen) return undefined;
    return { mount, open: 'a variable of the secret may be in it' };
  }

  #read({ argv, readsFrom, folder, program }: CommandEvent): Held | undefined {
    // A link to a mount holds nothing.
    if (program === 'ln') return undefined;
    const words = argv.slice(1).map(({ text }) => pathIn(folder, text.replace(/^-[\w-]+=/, '')));
    const isIn = (path: string): boolean =>
      words.includes(path) || (COPIES.test(program) && words.some((one) => isWithin(path, one)));
    const found = this.#files.find(({ path }) => isIn(path) || readsFrom.includes(path));
    if (found === undefined || PASSES.test(program) || SOURCES.test(program)) return found;
    return { mount: found.mount, open: `what ${program} does with it is not known` };
  }
}
