import type { Project } from '../../../model/template.ts';
import { type Facts, firstFile, imageName, tomlTable, tomlText } from './text.ts';

/** What pyproject.toml and the usual files say. */
export function pythonFacts(project: Project): Facts {
  const standard = tomlTable(project, 'pyproject.toml', 'project');
  const poetry = tomlTable(project, 'pyproject.toml', 'tool.poetry');
  return {
    name: imageName(tomlText(standard, 'name') ?? tomlText(poetry, 'name')),
    authors: tomlText(poetry, 'authors')?.split(' <')[0] ?? authorOf(standard),
    license: tomlText(standard, 'license') ?? tomlText(poetry, 'license'),
    start: startOf(project),
  };
}

/** `authors = [{name = "..."}]`. */
function authorOf(table: string): string | undefined {
  return /^authors\s{0,8}=\s{0,8}\[\s{0,8}\{[^}\n]{0,300}name\s{0,8}=\s{0,8}"([^"\\]*)"/m.exec(
    table,
  )?.[1];
}

/** A package that can be run, or one of the usual files; never a guess between web servers. */
function startOf(project: Project): string | undefined {
  const runnable = project.files.find((path) => /^[A-Za-z_]\w*\/__main__\.py$/.test(path));
  if (runnable !== undefined) return `-m ${runnable.split('/')[0] ?? ''}`;
  return firstFile(project, 'main.py', 'app.py', 'server.py');
}
