import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { messageOf, UserError } from '../../model/errors.ts';
import { byCodeUnit } from '../../model/order.ts';
import type { Project } from '../../model/template.ts';
import { matchesPattern } from '../../plans/init/detect-stack.ts';
import { contextFile } from '../contexts/build-context.ts';

const DEEPEST = 3;
const MOST_FILES = 5000;
/** In characters: what tells of a project is far smaller, and larger ones cost time. */
const LONGEST_TEXT = 256 * 1024;
const NOT_OURS = new Set([
  'node_modules',
  'vendor',
  'target',
  'build',
  'dist',
  'bin',
  'obj',
  'venv',
]);

/**
 * A project's folder: names of its files three levels deep, and the texts of those that match
 * `read`. Links are not followed out of it, hidden folders and dependencies are left out, and
 * reading ends at 5,000 files. Throws UserError where it cannot be read.
 */
export async function readProject(folder: string, read: readonly string[]): Promise<Project> {
  const files: string[] = [];
  const visit = async (below: string, depth: number): Promise<void> => {
    const entries = await readdir(join(folder, below), { withFileTypes: true });
    const folders: string[] = [];
    for (const entry of entries.toSorted((a, b) => byCodeUnit(a.name, b.name))) {
      const path = below === '' ? entry.name : `${below}/${entry.name}`;
      if (entry.isFile() && files.length < MOST_FILES) files.push(path);
      else if (entry.isDirectory() && !entry.name.startsWith('.') && !NOT_OURS.has(entry.name))
        folders.push(path);
    }
    if (depth < DEEPEST)
      for (const path of folders) if (files.length < MOST_FILES) await visit(path, depth + 1);
  };
  try {
    await visit('', 1);
  } catch (cause) {
    throw new UserError(`${folder} cannot be read: ${messageOf(cause)}`, { cause });
  }
  const texts = files
    .filter((path) => read.some((pattern) => matchesPattern(pattern, path)))
    .flatMap((path): [string, string][] => {
      const text = contextFile(folder, path);
      return text === undefined || text.length > LONGEST_TEXT ? [] : [[path, text]];
    });
  return { folder: basename(folder), files, texts: new Map(texts) };
}
