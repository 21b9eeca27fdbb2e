import type { Instruction } from '../../../model/dockerfile.ts';
import { mountsOf } from '../../external-image.ts';
import { pathIn } from '../../paths.ts';
import type { CommandEvent } from '../commands.ts';
import { isWithin } from '../stage-files.ts';

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
