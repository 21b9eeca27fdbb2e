import type { DetectionRule, Project, Template } from '../model/template.ts';

export interface StackMatch {
  readonly template: Template;
  readonly score: number;
  readonly files: readonly string[];
  /** What these files answer; the first that answers a question counts. */
  readonly answers: ReadonlyMap<string, string>;
}

export function detectStacks(
  templates: readonly Template[],
  project: Project,
): readonly StackMatch[] {
  return templates
    .map((template) => matchOf(template, project))
    .filter(({ score }) => score > 0)
    .toSorted((a, b) => b.score - a.score);
}

export function matchOf(template: Template, project: Project): StackMatch {
  const met = template.detect.flatMap((rule) => {
    const file = project.files.find((path) => speaks(rule, path, project));
    return file === undefined ? [] : [{ rule, file }];
  });
  const answers = new Map<string, string>();
  for (const { rule } of met)
    for (const [id, value] of Object.entries(rule.answers))
      if (!answers.has(id)) answers.set(id, value);
  return {
    template,
    score: met.reduce((sum, { rule }) => sum + rule.score, 0),
    files: [...new Set(met.map(({ file }) => file))],
    answers,
  };
}

/** From this score on, a stack's own manifest is there. */
const STRONG = 40;
/** By so much, one manifest that is there has to be likelier than another. */
const CLEAR = 12;

/** The stack with the highest score, if none with other files comes close. */
export function likeliest(matches: readonly StackMatch[]): StackMatch | undefined {
  const [first, ...others] = matches;
  if (first === undefined) return undefined;
  const rival = others.find(
    ({ score, files }) =>
      score === first.score ||
      (score >= STRONG &&
        first.score - score < CLEAR &&
        !files.some((file) => first.files.includes(file))),
  );
  return rival === undefined ? first : undefined;
}

const SHOWN = 5;

/** For a project with no known stack: its folders and their likely stacks: `apps/web` (node). */
export function stacksBelow(
  templates: readonly Template[],
  project: Project,
): readonly { readonly folder: string; readonly name: string }[] {
  const folders = [
    ...new Set(
      project.files.flatMap((path) =>
        path.includes('/') ? [path.slice(0, path.lastIndexOf('/'))] : [],
      ),
    ),
  ];
  const found = folders.flatMap((folder) => {
    const match = likeliest(detectStacks(templates, within(project, folder)));
    return match === undefined || match.score < STRONG
      ? []
      : [{ folder, name: match.template.name }];
  });
  return found
    .filter(({ folder }) => !found.some((other) => folder.startsWith(`${other.folder}/`)))
    .slice(0, SHOWN);
}

function within({ files, texts }: Project, folder: string): Project {
  const own = (path: string): readonly string[] =>
    path.startsWith(`${folder}/`) ? [path.slice(folder.length + 1)] : [];
  return {
    folder,
    files: files.flatMap(own),
    texts: new Map(
      [...texts].flatMap(([path, text]) => own(path).map((name): [string, string] => [name, text])),
    ),
  };
}

function speaks(rule: DetectionRule, path: string, project: Project): boolean {
  if (!matchesPattern(rule.file, path)) return false;
  return rule.contains === undefined || (project.texts.get(path) ?? '').includes(rule.contains);
}

/** `*` matches within a name, once per path part; by plain text, so that no path makes it slow. */
export function matchesPattern(pattern: string, path: string): boolean {
  const wanted = pattern.split('/');
  const parts = path.split('/');
  return (
    wanted.length === parts.length && wanted.every((one, i) => matchesName(one, parts[i] ?? ''))
  );
}

function matchesName(pattern: string, name: string): boolean {
  const [before = '', after] = pattern.split('*', 2);
  if (after === undefined) return pattern === name;
  return (
    name.length >= before.length + after.length && name.startsWith(before) && name.endsWith(after)
  );
}

const OTHERS: Readonly<Record<string, string>> = {
  Perl: 'cpanfile Makefile.PL Build.PL *.psgi *.pl',
  CGI: '*.cgi cgi-bin/*',
  Elixir: 'mix.exs',
  Erlang: 'rebar.config',
  Scala: 'build.sbt',
  Clojure: 'project.clj deps.edn',
  Swift: 'Package.swift',
  Dart: 'pubspec.yaml',
  Deno: 'deno.json deno.jsonc',
  Haskell: 'stack.yaml *.cabal',
  OCaml: 'dune-project',
  Zig: 'build.zig',
  Crystal: 'shard.yml',
  Nim: '*.nimble',
  Julia: 'Project.toml',
  R: 'renv.lock DESCRIPTION',
  Lua: '*.lua',
};

export function otherStack({ files }: Project): { file: string; stack: string } | undefined {
  for (const [stack, patterns] of Object.entries(OTHERS))
    for (const pattern of patterns.split(' ')) {
      const file = files.find((path) => matchesPattern(pattern, path));
      if (file !== undefined) return { file, stack };
    }
  return undefined;
}
