import { field, parseJson } from '../../../model/json-value.ts';
import type { Project } from '../../../model/template.ts';

/** What a project's files answer, by question. Taken as it stands there: the caller checks it. */
export type Facts = Readonly<Record<string, string | undefined>>;

/** A file's JSON; undefined where there is none. */
export function jsonOf(project: Project, path: string): unknown {
  return parseJson(project.texts.get(path) ?? '');
}

/** A text below an object, by its keys. */
export function textAt(value: unknown, ...keys: readonly string[]): string | undefined {
  let at = value;
  for (const key of keys) at = field(at, key);
  return typeof at === 'string' ? at : undefined;
}

/** The first group of a pattern in a file. */
export function matchIn(project: Project, path: string, pattern: RegExp): string | undefined {
  return pattern.exec(project.texts.get(path) ?? '')?.[1]?.trim();
}

/** XML text without the elements of these names. An unclosed element is removed to the end. */
export function withoutElements(text: string, names: readonly string[]): string {
  let left = text;
  for (const name of names) {
    const kept: string[] = [];
    let at = 0;
    for (;;) {
      const start = left.indexOf(`<${name}>`, at);
      if (start < 0) break;
      kept.push(left.slice(at, start));
      const end = left.indexOf(`</${name}>`, start);
      at = end < 0 ? left.length : end + name.length + 3;
    }
    left = kept.join('') + left.slice(at);
  }
  return left;
}

/** The lines below `[NAME]` of a TOML file, up to the next table. */
export function tomlTable(project: Project, path: string, name: string): string {
  const lines = (project.texts.get(path) ?? '').split(/\r?\n/);
  const start = lines.findIndex((line) => line.trim() === `[${name}]`);
  if (start < 0) return '';
  const rest = lines.slice(start + 1);
  const end = rest.findIndex((line) => line.trimStart().startsWith('['));
  return rest.slice(0, end < 0 ? undefined : end).join('\n');
}

/** A key's text, or the first text of its list, in lines of TOML. */
export function tomlText(table: string, key: string): string | undefined {
  for (const line of table.split('\n')) {
    const equals = line.indexOf('=');
    if (equals < 0 || line.slice(0, equals).trim() !== key) continue;
    const found = /^(?:\[\s{0,8})?(?:"([^"\\]*)"|'([^']*)')/.exec(line.slice(equals + 1).trim());
    return found?.slice(1).find(Boolean);
  }
  return undefined;
}

/** The first of the paths that the project has. */
export function firstFile(project: Project, ...paths: readonly string[]): string | undefined {
  return paths.find((path) => project.files.includes(path));
}

/** The major of a version or of the lowest version of a range. */
export function majorOf(text: string | undefined): string | undefined {
  return /(\d{1,4})/.exec(text ?? '')?.[1];
}

/** Major and minor of a version or of the lowest version of a range. */
export function minorOf(text: string | undefined): string | undefined {
  return /(\d{1,4}\.\d{1,4})/.exec(text ?? '')?.[1];
}

/** A package's, module's or folder's name as an image name; invalid text stays, to be refused. */
export function imageName(text: string | undefined): string | undefined {
  if (text === undefined || text === '' || !/^[\w@./ -]{1,214}$/.test(text)) return text;
  return text.split('/').at(-1)?.toLowerCase().replaceAll(/[ _]+/g, '-');
}
