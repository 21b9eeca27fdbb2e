import type { Project } from '../../../model/template.ts';
import {
  type Facts,
  firstFile,
  imageName,
  jsonOf,
  majorOf,
  matchIn,
  minorOf,
  textAt,
  withoutElements,
} from './text.ts';

const JAVA_MAJORS = [17, 21, 25];
const NOT_OWN = ['parent', 'build', 'dependencies', 'dependencyManagement', 'profiles', 'modules'];

/** What a project's own pom.xml or Gradle's files say. */
export function javaFacts(project: Project): Facts {
  return project.files.includes('pom.xml') ? mavenFacts(project) : gradleFacts(project);
}

function mavenFacts(project: Project): Facts {
  // The parent's coordinates, plugins and dependencies have elements of the same names.
  const own = withoutElements(project.texts.get('pom.xml') ?? '', NOT_OWN);
  const element = (name: string): string | undefined =>
    new RegExp(`<${name}>([^<]{0,300})</${name}>`).exec(own)?.[1]?.trim();
  const artifact = element('artifactId');
  const version = element('version');
  const release =
    element('maven.compiler.release') ??
    element('java.version') ??
    element('maven.compiler.target');
  const named = matchIn(project, 'pom.xml', /<finalName>([^<]{0,300})<\/finalName>/);
  const stem =
    named ??
    (artifact === undefined || version === undefined ? undefined : `${artifact}-${version}`);
  return {
    name: imageName(artifact),
    version: javaVersion(release),
    // A project of modules builds no jar itself.
    jar: stem === undefined || element('packaging') === 'pom' ? undefined : `target/${stem}.jar`,
  };
}

function gradleFacts(project: Project): Facts {
  const build = firstFile(project, 'build.gradle.kts', 'build.gradle') ?? '';
  const settings = firstFile(project, 'settings.gradle.kts', 'settings.gradle') ?? '';
  const root = matchIn(project, settings, /^[ \t]*rootProject\.name\s*=\s*["']([^"']*)["']/m);
  const version = matchIn(project, build, /^[ \t]*version\s*=\s*["']([^"']*)["']/m);
  const release =
    matchIn(project, build, /JavaLanguageVersion\.of\((\d+)\)/) ??
    matchIn(project, build, /(?:sourceCompatibility|release)\b[^\d\n]{0,200}(\d+)/);
  return {
    name: imageName(root),
    version: javaVersion(release),
    jar:
      root === undefined
        ? undefined
        : `build/libs/${root}${version === undefined ? '' : `-${version}`}.jar`,
  };
}

/** The first release with bases that runs what was compiled for this one. */
function javaVersion(release: string | undefined): string | undefined {
  const least = Number(majorOf(release?.replace(/^1\./, '')) ?? NaN);
  return JAVA_MAJORS.find((major) => major >= least)?.toString();
}

/** What the one project file says. */
export function dotnetFacts(project: Project): Facts {
  const found = project.files.filter((path) => path.endsWith('.csproj'));
  const [file] = found;
  if (file === undefined || found.length > 1) return {};
  const assembly =
    matchIn(project, file, /<AssemblyName>([^<]{0,300})<\/AssemblyName>/) ??
    file.replace(/^.*\//, '').replace(/\.csproj$/, '');
  return {
    name: imageName(assembly),
    version: matchIn(project, file, /<TargetFramework>net(\d+\.\d+)<\/TargetFramework>/),
    project: file,
    assembly,
  };
}

/** What Gemfile and its neighbours say. */
export function rubyFacts(project: Project): Facts {
  const named =
    matchIn(project, '.ruby-version', /^(?:ruby-)?(\d+\.\d+)/) ??
    matchIn(project, 'Gemfile', /^[ \t]*ruby\s+["'][~>= ]*(\d+\.\d+)/m);
  return {
    version: named,
    // Not config.ru: ruby by itself does not start it.
    entry: firstFile(project, 'app.rb', 'server.rb', 'main.rb'),
  };
}

/** What composer.json says. */
export function phpFacts(project: Project): Facts {
  const manifest = jsonOf(project, 'composer.json');
  const license = textAt(manifest, 'license');
  return {
    name: imageName(textAt(manifest, 'name')),
    license: license === 'proprietary' ? undefined : license,
    version: minorOf(textAt(manifest, 'config', 'platform', 'php')),
    directory: firstFile(project, 'public/index.php') === undefined ? '.' : 'public',
  };
}

/** Where the pages lie. */
export function siteFacts(project: Project): Facts {
  const manifest = jsonOf(project, 'package.json');
  const page = firstFile(
    project,
    'index.html',
    'public/index.html',
    'site/index.html',
    'docs/index.html',
  );
  const folder = page?.includes('/') === true ? page.replace(/\/[^/]*$/, '') : '.';
  return {
    name: imageName(textAt(manifest, 'name')),
    directory: textAt(manifest, 'scripts', 'build') === undefined ? folder : undefined,
  };
}
