import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

/** The rows of a tab-separated table, by its path from the project's folder; `# ` begins a comment. */
export function tableRows(path: string): readonly (readonly string[])[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((row) => row !== '' && !row.startsWith('# '))
    .map((row) => row.split('\t'));
}

/** What a table in YAML has, by its path from the project's folder. */
export function yamlTable(path: string): unknown {
  return parse(readFileSync(path, 'utf8'));
}

/** A cell in which `\n` and `\t` are what they are in a string. */
export function cellText(cell: string): string {
  return cell.replaceAll(/\\(.)/g, (_, letter: string) =>
    letter === 'n' ? '\n' : letter === 't' ? '\t' : letter,
  );
}

/** The words of a text, which may be in several lines. */
export function words(text: string): readonly string[] {
  return text.trim().split(/\s+/);
}
