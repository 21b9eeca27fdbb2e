import type { Instruction } from '../../model/dockerfile.ts';
import { mountOptions } from '../external-image.ts';
import { baseName } from '../shell/wrappers.ts';

/** Gives the text of a file of the build context by its path there, where the caller has it. */
export type ContextFile = (path: string) => string | undefined;

/** What instructions of a stage brought in from the build context. */
export class StageFiles {
  private readonly sources: string[] = [];
  private readonly documents = new Map<string, string>();
  private readonly contextFile: ContextFile;

  constructor(contextFile: ContextFile) {
    this.contextFile = contextFile;
  }

  /** Takes note of a COPY, an ADD, or the bind mounts of a RUN. */
  add(instruction: Instruction): void {
    if (instruction.flags.some((flag) => flag.name === 'from')) return;
    if (instruction.keyword === 'RUN') {
      for (const flag of instruction.flags) {
        const mount = flag.name === 'mount' ? mountOptions(flag.value) : {};
        if ((mount['type'] ?? 'bind') === 'bind' && mount['from'] === undefined)
          this.sources.push(mount['source'] ?? mount['src'] ?? '.');
      }
      return;
    }
    const to = instruction.arguments.at(-1) ?? '';
    for (const { delimiter, content } of instruction.heredocs)
      this.documents.set(baseName(to.endsWith('/') ? delimiter : to), content);
    this.sources.push(...instruction.arguments.slice(0, -1).filter((s) => !s.startsWith('<<')));
  }

  /** True where a file of this name may have come along: by its own name, by a pattern, or in a folder. */
  has(name: string): boolean {
    return this.sources.some((source) => {
      const last = baseName(source.replace(/\/$/, ''));
      return last === name || isFolder(source) || matches(last, name);
    });
  }

  text(path: string): string | undefined {
    const name = baseName(path);
    const document = this.documents.get(name);
    if (document !== undefined) return document;
    for (const source of this.sources) {
      const inside = `${source.replace(/\/?$/, '/')}${path.startsWith('/') ? name : path}`;
      const candidates = baseName(source) === name ? [source] : [inside];
      for (const candidate of candidates) {
        const found = this.contextFile(candidate.replace(/^(?:\.?\/)+/, ''));
        if (found !== undefined) return found;
      }
    }
    return undefined;
  }
}

function isFolder(source: string): boolean {
  return source === '.' || source.endsWith('/') || !baseName(source).includes('.');
}

function matches(pattern: string, name: string): boolean {
  const star = pattern.indexOf('*');
  if (star < 0) return false;
  const suffix = pattern.slice(pattern.lastIndexOf('*') + 1);
  return name.startsWith(pattern.slice(0, star)) && name.endsWith(suffix);
}
