import type { Stage } from '../../model/dockerfile.ts';
import { pathIn } from '../paths.ts';
import { type BuildEvent, type CommandEvent, placeOf } from './commands.ts';
import type { StageFiles } from './stage-files.ts';

/** Address of an archive that keeps a distribution as it was at a time. */
const SNAPSHOT =
  /snapshot[\w.-]{0,99}\.debian\.org\/archive\/[\w-]+\/(?:\d{8}T\d{6}Z?|\$)|snapshot\.ubuntu\.com\/[\w-]+\/(?:\d{8}T\d{6}Z?|\$)|^[ \t]*Snapshot: *\d{8}T/m;
/** A repository in apt's two spellings, by its address. */
const REPOSITORY =
  /(?:^|\n)[ \t]*(?:deb(?:-src)?\s(?:\s*\[[^\]]*\])?|URIs:)[ \t]*((?:https?|ftp|mirror[+\w]*):\/\/\S+)/g;
const SOURCES = /^\/etc\/apt\/(?:sources\.list(?:$|\.d\/)|apt\.conf)/;
/** A list of apt's, or the folder of them. */
const PLACE = /^\/etc\/apt\/sources\.list(?:$|\.d(?:\/|$))/;
/** The files that images of Debian and Ubuntu hold, the older and the newer spelling. */
const LIST = /^\/etc\/apt\/sources\.list\*?$/;
const DEB822 =
  /^\/etc\/apt\/sources\.list(?:\*|\.d(?:\/?|\/\*|\/(?:debian|ubuntu)\.sources|\/\*\.sources))$/;
/** Bases that hold only the newer. */
const NEWER =
  /bookworm|trixie|forky|duke|\bsid\b|noble|plucky|questing|(?:^|\/)debian(?:$|@|:(?:1[2-9]|latest|stable|testing|unstable))|(?:^|\/)ubuntu(?:$|@|:(?:2[4-9]|latest|rolling|devel))/;

/** True where a command adds a repository whose address is not shown. */
function bringsSource({ program, argv, folder }: CommandEvent): boolean {
  if (/^(?:add-apt-repository|apt-add-repository)$/.test(program)) return true;
  const words = argv.slice(1).map(({ text }) => text);
  const to = words.at(-1) ?? '';
  return /^(?:cp|mv|install|ln)$/.test(program) && PLACE.test(placeOf({ folder }, to));
}

/** Follows what a stage does to apt's sources: frozen where a dated archive is all that is left. */
export class AptSources {
  #isSnapshot = false;
  #isBesides = false;
  #isListGone = false;
  #isDeb822Gone = false;
  readonly #isNewer: boolean;

  constructor(base: Stage['base'] | undefined) {
    this.#isNewer = base?.kind === 'image' && NEWER.test(base.image.text);
  }

  get isFrozen(): boolean {
    const isGone = this.#isDeb822Gone || (this.#isListGone && !this.#isNewer);
    return this.#isSnapshot && !this.#isBesides && isGone;
  }

  /** Takes note of a command or a copied file that writes, edits or removes them. */
  follow(event: BuildEvent, files: StageFiles): void {
    if (event.kind === 'command') {
      this.#isBesides ||= this.#isSnapshot && bringsSource(event);
      this.#command(event, files);
      return;
    }
    const { instruction, folder, id } = event;
    const to = pathIn(folder, instruction.arguments.at(-1) ?? '');
    const names = instruction.arguments.slice(0, -1).map((source) => source.replace(/^.*\//, ''));
    for (const path of [to, ...names.map((name) => pathIn(to, name))])
      if (SOURCES.test(path)) {
        const content = files.at(path, id + 1);
        if (content?.kind === 'text') this.#written(path, content.text, false);
      }
  }

  #command(event: CommandEvent, files: StageFiles): void {
    const { program, folder, id } = event;
    const words = event.argv.slice(1).map((f) => f.text);
    const named = words.filter((word) => !word.startsWith('-')).map((word) => pathIn(folder, word));
    if (program === 'rm' || program === 'mv') for (const path of named) this.#gone(path);
    else if (program === 'sed') this.#edited(words, named);
    const tee = program === 'tee' ? named : [];
    const written = [...event.writesTo, ...tee];
    for (const path of written.filter((one) => SOURCES.test(one))) {
      const content = files.at(path, id + 1);
      const appends =
        event.appends || (program === 'tee' && words.some((word) => /^-\w*a|^--append/.test(word)));
      if (content?.kind === 'text') this.#written(path, content.text, appends);
    }
  }

  #written(path: string, text: string, appends: boolean): void {
    const lines = text.replace(/^[ \t]*#.*$/gm, '');
    this.#isSnapshot ||= SNAPSHOT.test(lines);
    this.#isBesides ||=
      [...lines.matchAll(REPOSITORY)].some(
        ([, address = '']) => !SNAPSHOT.test(address) && !/\$\{?\w*snapshot/i.test(address),
      ) && !/^[ \t]*Snapshot: *\d{8}T/m.test(lines);
    if (!appends) this.#gone(path);
  }

  /** `s|http://deb.debian.org|http://snapshot.debian.org/archive/...|` on existing files. */
  #edited(words: readonly string[], named: readonly string[]): void {
    const script = words.find((word) => SNAPSHOT.test(word));
    // What find or xargs hands over is a file of apt's where it names the ordinary archive.
    const isHandedOver =
      words.some((word) => word === '{}' || word.includes('$(stdin)')) &&
      /\b(?:deb\.debian\.org|archive\.ubuntu\.com)\b/.test(script ?? '');
    const paths = isHandedOver
      ? ['/etc/apt/sources.list', '/etc/apt/sources.list.d/*']
      : named.filter((path) => SOURCES.test(path));
    if (script === undefined || paths.length === 0) return;
    const [, , from = '', puts = ''] = /(?:^|[;\s])s(.)((?:(?!\1).)*)\1([^\n]*)/.exec(script) ?? [];
    if (!SNAPSHOT.test(puts) || puts.trimStart().startsWith('#')) return;
    // The archive of security updates alone leaves the other.
    if (
      /security/.test(from) &&
      !words.some((word) => /(?:^|[;\s])s(.)(?:(?!\1|security).)*\1/.test(word))
    )
      return;
    this.#isSnapshot = true;
    for (const path of paths) this.#gone(path);
  }

  #gone(path: string): void {
    this.#isListGone ||= LIST.test(path);
    this.#isDeb822Gone ||= DEB822.test(path);
  }
}
