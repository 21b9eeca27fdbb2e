import {
  RUNNING_NAMES,
  RUNNING_SOURCES,
  SCRIPT_ENDS,
  SKIPPED,
  SOURCES,
  VITE_OPTIONS,
  VITE_VALUED,
} from '../../../programs/bundlers.ts';
import { pathIn } from '../../shell/shell-state.ts';
import type { CommandEvent } from '../build-event.ts';
import { readManifest, record } from '../package-scripts.ts';
import type { StageFiles } from '../stage-files.ts';
import { plainConfig } from './plain-config.ts';

/** Files of a project that a bundler looks through for what they may run. */
const MOST_SOURCES = 1500;
const VERSION =
  /^(?:npm:@?[\w./-]+@)?[\^~><=\sv]*\d[\w.+\-\s|^~<>=*]*$|^(?:latest|next|beta|\*|x)$/;
/** Where a manifest takes a package from the project, or changes one. */
const OWN_PACKAGES =
  /"(?:file|link|portal|patch|workspace|git\+?\w*|https?|github|\.{1,2}\/)[:/.]|patchedDependencies/;
const MACRO = /['"][^'"\n]*[./]macro(?:\.c?js)?['"]/;

/** Why what a bundler runs is not known. */
class NotRead extends Error {}

class BundlerReader {
  readonly #files: StageFiles;
  readonly #event: CommandEvent;
  readonly #modules = new Set<string>();
  #sources = 0;

  constructor(event: CommandEvent, files: StageFiles) {
    this.#event = event;
    this.#files = files;
  }

  #at(name: string): string {
    return pathIn(this.#event.folder || '.', name);
  }

  /** The text of a file of the project; undefined where there is none. */
  read(name: string): string | undefined {
    const content = this.#files.at(this.#at(name), this.#event.id);
    if (content === undefined || (content.kind === 'maybe' && content.isFollowed === true))
      return undefined;
    if (content.kind === 'text') return content.text;
    throw new NotRead(`${name} ${content.why}`);
  }

  /** Configurations by these names, each of which the bundler runs. */
  configs(...stems: readonly string[]): void {
    for (const stem of stems)
      for (const end of SCRIPT_ENDS) {
        const text = this.read(`${stem}.${end}`);
        if (text === undefined) continue;
        const found = plainConfig(text);
        if ('refused' in found) throw new NotRead(`${stem}.${end} has ${found.refused}`);
        for (const module of found.modules) this.#modules.add(module);
      }
  }

  /** Files that are run, or name what is. */
  none(...names: readonly string[]): void {
    for (const name of names)
      if (this.read(name) !== undefined) throw new NotRead(`${name} names what is run`);
  }

  /** Looks through the sources for what a translator of them would run. */
  sources(refused: RegExp, named: RegExp, folder = '.'): void {
    const names = this.#files.names(this.#at(folder), this.#event.id);
    if (names === undefined) throw new NotRead(`what else lies in ${folder} is not shown`);
    for (const name of names) {
      if (SKIPPED.test(name)) continue;
      if (RUNNING_NAMES.test(name)) throw new NotRead(`${name} may run code`);
      const path = folder === '.' ? name : `${folder}/${name}`;
      if (named.test(name)) {
        this.#sources += 1;
        if (refused.test(this.read(path) ?? '')) throw new NotRead(`${path} names what is run`);
      } else if (!/\.\w+$/.test(name)) {
        const isFolder = this.read(path) === undefined;
        this.#sources += 1;
        if (isFolder) this.sources(refused, named, path);
      }
      if (this.#sources > MOST_SOURCES) throw new NotRead('it has more sources than are read');
    }
  }

  #manifest(): Readonly<Record<string, unknown>> {
    const manifest = readManifest(this.read('package.json') ?? '{}');
    if (manifest === undefined) throw new NotRead('package.json is not JSON');
    return manifest;
  }

  /** The rules in package.json are those of the bundler itself. */
  lintRules(): void {
    const rules = this.#manifest()['eslintConfig'];
    const words = JSON.stringify(rules ?? {}).match(/"[^"]*"(?=[\],}])/g) ?? [];
    const isPlain = Object.keys(record(rules)).every((name) => /^(?:extends|rules)$/.test(name));
    if (!isPlain || words.some((word) => /^"(?:[./]|[^"]*:)/.test(word)))
      throw new NotRead('eslintConfig of package.json names what is run');
  }

  /** The packages that run come from the registry, as package.json says. */
  packages(...given: readonly string[]): void {
    const manifest = this.#manifest();
    const specs = ['dependencies', 'devDependencies', 'optionalDependencies'].flatMap((name) =>
      Object.entries(record(manifest[name])),
    );
    const rest = JSON.stringify([manifest['overrides'], manifest['resolutions'], manifest['pnpm']]);
    if (OWN_PACKAGES.test(rest) || manifest['postcss'] !== undefined)
      throw new NotRead('package.json changes what is run');
    this.none('pnpm-workspace.yaml', '.pnp.cjs', '.pnp.js', '.pnp.loader.mjs');
    if (this.#files.names(this.#at('node_modules'), this.#event.id)?.length !== 0)
      throw new NotRead('node_modules comes with the project');
    // All of them: settings of package.json and plugins load more by their names (`browserslist`).
    for (const [name, spec] of specs)
      if (typeof spec !== 'string' || !VERSION.test(spec))
        throw new NotRead(`the package ${name} is not the registry’s`);
    const names = new Set(specs.map(([name]) => name));
    for (const module of [...given, ...this.#modules]) {
      const name = /^(?:@[^/]+\/)?[^/]+/.exec(module)?.[0] ?? '';
      if (!names.has(name) || manifest['name'] === name)
        throw new NotRead(`the package ${name} is not the registry’s`);
    }
  }
}

/** Styles: PostCSS and Tailwind CSS, which each bundler runs. */
function styles(reader: BundlerReader): void {
  reader.configs('postcss.config', 'tailwind.config', '.postcssrc');
  reader.none('.postcssrc', '.postcssrc.json', '.postcssrc.yaml', '.postcssrc.yml');
}

function vite(reader: BundlerReader, words: readonly string[]): void {
  const [verb, ...options] = words;
  if (verb !== 'build') throw new NotRead('it does more than to build');
  for (let at = 0; at < options.length; at += 1) {
    const word = options[at] ?? '';
    if (VITE_VALUED.has(word)) at += 1;
    else if (!VITE_OPTIONS.test(word)) throw new NotRead(`it has the option ${word.slice(0, 40)}`);
  }
  reader.configs('vite.config');
  styles(reader);
  reader.none('svgr.config.js', 'svgr.config.cjs', 'svgr.config.mjs', '.svgrrc', '.svgrrc.js');
  reader.packages('vite');
  reader.sources(RUNNING_SOURCES, SOURCES);
}

function reactScripts(reader: BundlerReader, words: readonly string[]): void {
  const rest = words.filter((word) => word !== '--openssl-legacy-provider');
  if (rest.join(' ') !== 'build') throw new NotRead('it does more than to build');
  reader.configs('tailwind.config');
  reader.none('.eslintrc.js', '.eslintrc.cjs', '.eslintrc', '.eslintrc.json', '.eslintrc.yml');
  reader.none('.eslintrc.yaml', 'svgr.config.js', '.svgrrc', '.svgrrc.js');
  reader.lintRules();
  reader.packages('react-scripts');
  reader.sources(MACRO, /\.(?:[cm]?[jt]sx?)$/);
}

function vueTsc(reader: BundlerReader): void {
  for (const name of ['', '.app', '.node', '.build', '.vitest'])
    if (/"plugins"|vueCompilerOptions/.test(reader.read(`tsconfig${name}.json`) ?? ''))
      throw new NotRead('tsconfig.json names plugins');
}

/** Rewrites paths in what `tsc` wrote. */
function tscAlias(reader: BundlerReader, words: readonly string[]): void {
  const given = words.findIndex((word) => /^(?:-p|--project)$/.test(word));
  const files = given < 0 ? ['tsconfig.json'] : [words[given + 1] ?? ''];
  for (const name of [...files, 'tsconfig.json', 'tsconfig.base.json'])
    if (
      /"(?:replacers|extends)":\s*(?:\{|\[|"(?!\.\/tsconfig(?:\.base)?\.json"))/.test(
        reader.read(name) ?? '',
      )
    )
      throw new NotRead(`${name} names what is run`);
  if (words.some((word) => /^--?r(?:eplacers?)?$/.test(word)))
    throw new NotRead('it has replacers');
}

/** Bundlers whose configuration is read. */
const READ = {
  vite,
  'react-scripts': reactScripts,
  'vue-tsc': vueTsc,
  'tsc-alias': tscAlias,
} as const;

/** True for a bundler whose configuration is read. */
export function isBundler(program: string): program is keyof typeof READ {
  return Object.hasOwn(READ, program);
}

/**
 * Why what a bundler runs of a project is not known; undefined where its configuration puts only known plugins together, these come from the registry, and no
 * source names code that is run while it is translated.
 */
export function bundlerBuild(
  program: keyof typeof READ,
  event: CommandEvent,
  files: StageFiles,
): string | undefined {
  try {
    READ[program](
      new BundlerReader(event, files),
      event.argv.slice(1).map(({ text }) => text),
    );
    return undefined;
  } catch (thrown) {
    if (thrown instanceof NotRead) return thrown.message;
    throw thrown;
  }
}
