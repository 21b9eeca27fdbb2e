import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

/** What a table in YAML has, by its path from the project's folder. */
export function yamlTable(path: string): unknown {
  return parse(readFileSync(path, 'utf8'));
}
