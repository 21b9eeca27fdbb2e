import { field, parseJson } from '../lib/json.ts';
import type { FactReader, Project } from '../model/template.ts';
import { matchesPattern } from './detect.ts';
import { SOURCE } from './port.ts';

/** Where a fact is found, taken as it stands there: the caller checks it. */
type Source = (project: Project) => string | undefined;

const inFile =
  (path: string, pattern: RegExp): Source =>
  ({ texts }) =>
    pattern.exec(texts.get(path) ?? '')?.[1]?.trim();

const inJson =
  (path: string, ...keys: readonly string[]): Source =>
  ({ texts }) => {
    const value = keys.reduce<unknown>(field, parseJson(texts.get(path) ?? ''));
    return typeof value === 'string' ? value : undefined;
  };

/** A key's text below `[TABLE]` of a TOML file, or the first text of its list. */
const inToml =
  (path: string, table: string, key: string): Source =>
  ({ texts }) => {
    for (const line of tomlTable(texts.get(path) ?? '', table)) {
      const equals = line.indexOf('=');
      if (equals < 0 || line.slice(0, equals).trim() !== key) continue;
      const found = /^(?:\[\s{0,8})?(?:"([^"\\]*)"|'([^']*)')/.exec(line.slice(equals + 1).trim());
      return found?.slice(1).find(Boolean);
    }
    return undefined;
  };

const file =
  (...paths: readonly string[]): Source =>
  ({ files }) =>
    paths.find((path) => files.includes(path));

const first =
  (...sources: readonly Source[]): Source =>
  (project) => {
    for (const source of sources) {
      const found = source(project);
      if (found !== undefined) return found;
    }
    return undefined;
  };

const as =
  (form: (text: string) => string | undefined, source: Source): Source =>
  (project) => {
    const found = source(project);
    return found === undefined ? undefined : form(found);
  };

/** Major, or major and minor, of a version or of the lowest version of a range. */
const majorOf = (text: string): string | undefined => /(\d{1,4})/.exec(text)?.[1];
const minorOf = (text: string): string | undefined => /(\d{1,4}\.\d{1,4})/.exec(text)?.[1];
const withoutAddress = (author: string): string => author.split(' <')[0] ?? author;

/** A package's, module's or folder's name as an image name; invalid text stays, to be refused. */
function imageName(text: string): string | undefined {
  if (text === '' || !/^[\w@./ -]{1,214}$/.test(text)) return text;
  return text.split('/').at(-1)?.toLowerCase().replaceAll(/[ _]+/g, '-');
}

function tomlTable(text: string, name: string): readonly string[] {
  const lines = text.split(/\r?\n/);
  const start = lines.findIndex((line) => line.trim() === `[${name}]`);
  if (start < 0) return [];
  const rest = lines.slice(start + 1);
  const end = rest.findIndex((line) => line.trimStart().startsWith('['));
  return rest.slice(0, end < 0 ? undefined : end);
}

/** Majors of Node.js that the bases are published for, the one to take by default last. */
const NODE_MAJORS = [22, 24];

/** The highest major within the bounds of `engines`. */
function nodeMajor(engines: string): string | undefined {
  const exact = /^[\^~=v]?\s*(\d{1,3})(?:\.|$)/.exec(engines.trim())?.[1];
  if (exact !== undefined) return exact;
  const least = Number(majorOf(engines) ?? 0);
  const below = /<\s*v?(\d{1,3})/.exec(engines)?.[1];
  const most = below === undefined ? Infinity : Number(below) - 1;
  const fits = NODE_MAJORS.filter((major) => major >= least && major <= most);
  return fits.at(-1)?.toString();
}

/** npm's word for what is not to be distributed is not a license. */
const npmLicense = (text: string): string | undefined =>
  text === 'UNLICENSED' || text.startsWith('SEE LICENSE') ? undefined : text;

/** The first version of Go with an image on trixie; go.mod names the least that will do. */
const goVersion = (least: string): string | undefined =>
  Number(least.replace(/^1\./, '')) >= 24 ? least : undefined;

/** The program at the root, else the only one below cmd/. */
const goPackage: Source = ({ files }) => {
  if (files.includes('main.go')) return '.';
  const [command, other] = files.filter((path) => /^cmd\/[^/]+\/main\.go$/.test(path));
  return other === undefined ? command?.replace(/\/main\.go$/, '') : undefined;
};

/** A package of Python that can be run; never a guess between web servers. */
const runnable: Source = ({ files }) => {
  const found = files.find((path) => /^[A-Za-z_]\w*\/__main__\.py$/.test(path));
  return found === undefined ? undefined : `-m ${found.split('/')[0] ?? ''}`;
};

/** `authors = [{name = "..."}]`. */
const pythonAuthor: Source = ({ texts }) =>
  /^authors\s{0,8}=\s{0,8}\[\s{0,8}\{[^}\n]{0,300}name\s{0,8}=\s{0,8}"([^"\\]*)"/m.exec(
    tomlTable(texts.get('pyproject.toml') ?? '', 'project').join('\n'),
  )?.[1];

/** The first release of Java with bases that runs what was compiled for this one. */
function javaVersion(release: string): string | undefined {
  const least = Number(majorOf(release.replace(/^1\./, '')) ?? NaN);
  return [17, 21, 25].find((major) => major >= least)?.toString();
}

/** The parent's coordinates, plugins and dependencies have elements of the same names. */
const NOT_OWN = ['parent', 'build', 'dependencies', 'dependencyManagement', 'profiles', 'modules'];

const inPom =
  (name: string): Source =>
  ({ texts }) => {
    const own = NOT_OWN.reduce(withoutElement, texts.get('pom.xml') ?? '');
    return new RegExp(`<${name}>([^<]{0,300})</${name}>`).exec(own)?.[1]?.trim();
  };

/** XML text without the elements of a name. An unclosed element is removed to the end. */
function withoutElement(text: string, name: string): string {
  const [before = '', ...parts] = text.split(`<${name}>`);
  const close = `</${name}>`;
  const kept = parts.map((part) => {
    const end = part.indexOf(close);
    return end < 0 ? '' : part.slice(end + close.length);
  });
  return before + kept.join('');
}

/** A project of modules builds no jar itself. */
const mavenJar: Source = (project) => {
  const [artifact, version] = [inPom('artifactId')(project), inPom('version')(project)];
  const both =
    artifact === undefined || version === undefined ? undefined : `${artifact}-${version}`;
  const stem = inFile('pom.xml', /<finalName>([^<]{0,300})<\/finalName>/)(project) ?? both;
  const isOfModules = inPom('packaging')(project) === 'pom';
  return stem === undefined || isOfModules ? undefined : `target/${stem}.jar`;
};

const inGradle = (name: 'build' | 'settings', pattern: RegExp): Source =>
  first(inFile(`${name}.gradle.kts`, pattern), inFile(`${name}.gradle`, pattern));

const GRADLE_NAME = inGradle('settings', /^[ \t]*rootProject\.name\s*=\s*["']([^"']*)["']/m);

const gradleJar: Source = (project) => {
  const root = GRADLE_NAME(project);
  const version = inGradle('build', /^[ \t]*version\s*=\s*["']([^"']*)["']/m)(project);
  if (root === undefined) return undefined;
  return `build/libs/${root}${version === undefined ? '' : `-${version}`}.jar`;
};

const java =
  (maven: Source, gradle: Source): Source =>
  (project) =>
    (project.files.includes('pom.xml') ? maven : gradle)(project);

const dotnet =
  (of: (path: string) => Source): Source =>
  (project) => {
    const [path, other] = project.files.filter((name) => name.endsWith('.csproj'));
    return path === undefined || other !== undefined ? undefined : of(path)(project);
  };
const assembly = dotnet((path) =>
  first(inFile(path, /<AssemblyName>([^<]{0,300})<\/AssemblyName>/), () =>
    path.replace(/^.*\//, '').replace(/\.csproj$/, ''),
  ),
);

const CARGO = 'Cargo.toml';
const PYTHON = 'pyproject.toml';
const NPM = 'package.json';

const FACTS: Readonly<Record<FactReader, Readonly<Record<string, Source>>>> = {
  node: {
    name: as(imageName, inJson(NPM, 'name')),
    authors: first(inJson(NPM, 'author'), inJson(NPM, 'author', 'name')),
    license: as(npmLicense, inJson(NPM, 'license')),
    version: first(
      inFile('.nvmrc', /^v?(\d{1,3})\b/),
      inFile('.node-version', /^v?(\d{1,3})\b/),
      as(nodeMajor, inJson(NPM, 'engines', 'node')),
    ),
    // What `npm start` runs with node, else `main`, else the usual files that are there.
    entry: first(
      as(
        (text) => text.replace(/^\.\//, ''),
        first(
          as(
            (text) => /^node\s+(?!-)([^\s;&|]+)$/.exec(text)?.[1],
            inJson(NPM, 'scripts', 'start'),
          ),
          inJson(NPM, 'main'),
        ),
      ),
      file('server.js', 'index.js', 'app.js', 'src/server.js', 'src/index.js', 'src/main.js'),
    ),
    output: inFile('tsconfig.json', /"outDir"\s*:\s*"(?:\.\/)?([^"]*?)\/?"/),
    pnpm: as((text) => /^pnpm@(\d+\.\d+\.\d+)/.exec(text)?.[1], inJson(NPM, 'packageManager')),
  },
  python: {
    name: as(
      imageName,
      first(inToml(PYTHON, 'project', 'name'), inToml(PYTHON, 'tool.poetry', 'name')),
    ),
    authors: first(as(withoutAddress, inToml(PYTHON, 'tool.poetry', 'authors')), pythonAuthor),
    license: first(inToml(PYTHON, 'project', 'license'), inToml(PYTHON, 'tool.poetry', 'license')),
    start: first(runnable, file('main.py', 'app.py', 'server.py')),
  },
  go: {
    name: as(
      (module) => imageName(module.replace(/\/v\d+$/, '')),
      inFile('go.mod', /^module\s+(\S+)\s*$/m),
    ),
    version: as(goVersion, as(minorOf, inFile('go.mod', /^go\s+(\S+)\s*$/m))),
    package: goPackage,
  },
  rust: {
    name: as(imageName, inToml(CARGO, 'package', 'name')),
    authors: as(withoutAddress, inToml(CARGO, 'package', 'authors')),
    license: inToml(CARGO, 'package', 'license'),
    version: as(
      minorOf,
      first(
        inFile('rust-toolchain.toml', /^channel\s*=\s*"([^"]*)"/m),
        inFile('rust-toolchain', /^(\d+\.\d+(?:\.\d+)?)\s*$/),
      ),
    ),
    binary: first(inToml(CARGO, '[bin]', 'name'), inToml(CARGO, 'package', 'name')),
  },
  java: {
    name: as(imageName, java(inPom('artifactId'), GRADLE_NAME)),
    version: as(
      javaVersion,
      java(
        first(
          inPom('maven.compiler.release'),
          inPom('java.version'),
          inPom('maven.compiler.target'),
        ),
        first(
          inGradle('build', /JavaLanguageVersion\.of\((\d+)\)/),
          inGradle('build', /(?:sourceCompatibility|release)\b[^\d\n]{0,200}(\d+)/),
        ),
      ),
    ),
    jar: java(mavenJar, gradleJar),
  },
  dotnet: {
    name: as(imageName, assembly),
    version: dotnet((path) => inFile(path, /<TargetFramework>net(\d+\.\d+)<\/TargetFramework>/)),
    project: dotnet((path) => () => path),
    assembly,
  },
  ruby: {
    version: first(
      inFile('.ruby-version', /^(?:ruby-)?(\d+\.\d+)/),
      inFile('Gemfile', /^[ \t]*ruby\s+["'][~>= ]*(\d+\.\d+)/m),
    ),
    // Not config.ru: ruby alone does not start it.
    entry: file('app.rb', 'server.rb', 'main.rb'),
  },
  php: {
    name: as(imageName, inJson('composer.json', 'name')),
    license: as(
      (text) => (text === 'proprietary' ? undefined : text),
      inJson('composer.json', 'license'),
    ),
    version: as(minorOf, inJson('composer.json', 'config', 'platform', 'php')),
    directory: (project) => (file('public/index.php')(project) === undefined ? '.' : 'public'),
  },
  site: {
    name: as(imageName, inJson(NPM, 'name')),
    // Where a tool builds the pages, no file shows it.
    directory: (project) => {
      if (inJson(NPM, 'scripts', 'build')(project) !== undefined) return undefined;
      const folders = PAGES.map((folder) => `${folder}/index.html`);
      const page = file('index.html', ...folders)(project);
      return page?.includes('/') === true ? page.replace(/\/[^/]*$/, '') : '.';
    },
  },
  // A Makefile does not say what it makes.
  native: {
    name: as(imageName, inFile('CMakeLists.txt', /^[ \t]*project\s*\(\s*([^\s)]+)/im)),
    binary: inFile('CMakeLists.txt', /^[ \t]*add_executable\s*\(\s*([^\s)]+)/im),
  },
};

/** Folders that contain pages where the project's own does not. */
const PAGES = ['public', 'site', 'docs', 'dist', 'build'];

const PROJECT_FILES: readonly string[] =
  `package.json .nvmrc .node-version tsconfig.json pyproject.toml requirements.txt go.mod Cargo.toml
  rust-toolchain rust-toolchain.toml pom.xml build.gradle build.gradle.kts settings.gradle
  settings.gradle.kts *.csproj */*.csproj */*/*.csproj Gemfile .ruby-version composer.json
  CMakeLists.txt Dockerfile Procfile compose.yaml compose.yml docker-compose.yaml
  docker-compose.yml`.split(/\s+/);

/** Whether a file's text says something about a project, by its path from the root. */
export function isProjectFile(path: string): boolean {
  return SOURCE.test(path) || PROJECT_FILES.some((pattern) => matchesPattern(pattern, path));
}

/** What a project's files answer, unchecked. The name falls back on the folder's. */
export function projectFacts(
  reader: FactReader | undefined,
  project: Project,
): ReadonlyMap<string, string> {
  const sources = reader === undefined ? {} : FACTS[reader];
  const answers = new Map(
    Object.entries(sources).flatMap(([id, source]): [string, string][] => {
      const value = source(project);
      return value === undefined || value === '' ? [] : [[id, value]];
    }),
  );
  const folder = imageName(project.folder);
  if (!answers.has('name') && folder !== undefined) answers.set('name', folder);
  return answers;
}
