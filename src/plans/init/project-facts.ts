import type { FactReader, Project } from '../../model/template.ts';
import { goFacts, nativeFacts, rustFacts } from './facts/compiled.ts';
import { dotnetFacts, javaFacts, phpFacts, rubyFacts, siteFacts } from './facts/managed.ts';
import { nodeFacts } from './facts/node.ts';
import { pythonFacts } from './facts/python.ts';
import { type Facts, imageName } from './facts/text.ts';

const READERS: Readonly<Record<FactReader, (project: Project) => Facts>> = {
  node: nodeFacts,
  python: pythonFacts,
  go: goFacts,
  rust: rustFacts,
  java: javaFacts,
  dotnet: dotnetFacts,
  ruby: rubyFacts,
  php: phpFacts,
  site: siteFacts,
  native: nativeFacts,
};

/** Files whose text tells something, by their path from the project's root. */
export const PROJECT_FILES: readonly string[] = [
  ...['package.json', '.nvmrc', '.node-version', 'tsconfig.json'],
  ...[
    'pyproject.toml',
    'requirements.txt',
    'go.mod',
    'Cargo.toml',
    'rust-toolchain',
    'rust-toolchain.toml',
  ],
  ...['pom.xml', 'build.gradle', 'build.gradle.kts', 'settings.gradle', 'settings.gradle.kts'],
  ...[
    '*.csproj',
    '*/*.csproj',
    '*/*/*.csproj',
    'Gemfile',
    '.ruby-version',
    'composer.json',
    'CMakeLists.txt',
  ],
];

/**
 * What a project's files answer, by question, as it stands there: nothing is checked or executed.
 * The name falls back on that of the project's folder.
 */
export function projectFacts(
  reader: FactReader | undefined,
  project: Project,
): ReadonlyMap<string, string> {
  const facts: Facts = reader === undefined ? {} : READERS[reader](project);
  const found = Object.entries(facts).flatMap(([id, value]): [string, string][] =>
    value === undefined || value === '' ? [] : [[id, value]],
  );
  const answers = new Map(found);
  const folder = imageName(project.folder);
  if (!answers.has('name') && folder !== undefined) answers.set('name', folder);
  return answers;
}
