import { field, type JsonObject, objectOf, parseJson } from '../../model/json-value.ts';
import { shellWord } from '../../model/shell-word.ts';
import type { Field } from '../shell/fields.ts';
import { programOf } from '../shell/wrappers.ts';

const PACKAGE_RUNNERS = /^(?:npm|yarn|yarnpkg|pnpm|bun)$/;
const COMPOSER = /^composer(?:\.phar)?$/;
/** Verbs that install what the manifest names, and run the manifest's scripts around it. */
const INSTALLS = /^(?:install|i|ci|clean-install|install-clean|ic)$/;
const AROUND_INSTALL =
  'preinstall install postinstall prepublish preprepare prepare postprepare'.split(' ');
const COMPOSER_VERBS = /^(?:install|update|dump-autoload|dumpautoload)$/;
const AROUND_COMPOSER =
  'pre-install-cmd post-install-cmd pre-update-cmd post-update-cmd pre-autoload-dump post-autoload-dump pre-operations-exec'.split(
    ' ',
  );
/** Options that name another folder, or turn scripts off. */
const ELSEWHERE =
  /^(?:--ignore-scripts(?:=true)?|--no-scripts|-g|--global|--prefix|-C|--dir|--cwd|-d|--working-dir)(?:=|$)/;
/** Classes of frameworks that a manifest of theirs names; those of a project run its own code. */
const FRAMEWORKS = /^(?:Illuminate|Symfony|Drupal|Laravel|Composer|Sensio|TYPO3|Cake)\\/;
/** Verbs of the managers by which a script of this name runs. */
const NAMED = /^(?:start|test|build)$/;

/** The manifest whose scripts a program runs. */
export function manifestOf(program: string): string | undefined {
  if (COMPOSER.test(program)) return 'composer.json';
  return PACKAGE_RUNNERS.test(program) ? 'package.json' : undefined;
}

/** What a package manager runs of the manifest: a script by name, or those around an install. */
export function manifestScript(argv: readonly Field[], manifest: string): string | undefined {
  const words = argv.slice(1).map(({ text }) => text);
  const isComposer = COMPOSER.test(programOf(argv));
  const [verb, ...operands] = words.filter((word) => !word.startsWith('-'));
  const isInstall = isComposer
    ? COMPOSER_VERBS.test(verb ?? '')
    : (verb === undefined || INSTALLS.test(verb)) && operands.length === 0;
  if (isComposer && !isInstall) return undefined;
  if (!isInstall) return packageScript(argv, manifest);
  if (words.some((word) => ELSEWHERE.test(word) || word === '--version' || word === '-v'))
    return undefined;
  const scripts = scriptsOf(manifest);
  const steps = isComposer
    ? AROUND_COMPOSER.flatMap((name) => composerSteps(scripts, name, 0))
    : AROUND_INSTALL.map((name) => scripts[name]).filter((one) => typeof one === 'string');
  return steps.length === 0 ? undefined : steps.join(' && ');
}

/** A composer.json script's commands, `@php`, `@composer` and other scripts' names resolved. */
function composerSteps(
  scripts: Readonly<Record<string, unknown>>,
  name: string,
  depth: number,
): readonly string[] {
  const given = Object.hasOwn(scripts, name) ? scripts[name] : undefined;
  const steps = (Array.isArray(given) ? given : [given]).filter((one) => typeof one === 'string');
  return steps.slice(0, 32).flatMap((step) => {
    const [other = '', ...words] = step.slice(1).split(' ');
    if (!step.startsWith('@')) return /^[\w\\]+::\w+$/.test(step) ? callback(step) : [step];
    if (other === 'php' || other === 'composer') return [[other, ...words].join(' ')];
    if (other === 'putenv') return [];
    return depth > 4 ? [`@${other}`] : composerSteps(scripts, other, depth + 1);
  });
}

function callback(step: string): readonly string[] {
  return FRAMEWORKS.test(step) ? [] : [shellWord(step)];
}

/** The package.json script of `npm run NAME`, its pre and post scripts; undefined if not there. */
function packageScript(argv: readonly Field[], manifest: string): string | undefined {
  const words = argv.slice(1);
  if (words.some(({ constant }) => !constant)) return undefined;
  const rest = words.map(({ text }) => text).filter((text) => !/^(?:-s|--silent)$/.test(text));
  const end = rest.indexOf('--');
  // Options of the manager may name another folder.
  if (rest.slice(0, end < 0 ? undefined : end).some((text) => text.startsWith('-')))
    return undefined;
  const [verb = '', ...behind] = rest;
  const [name, ...given] = /^run(?:-script)?$/.test(verb) ? behind : rest;
  if (name === undefined || (name === verb && !NAMED.test(name))) return undefined;
  const scripts = scriptsOf(manifest);
  const main = scripts[name];
  if (typeof main !== 'string') return undefined;
  const extra = given.filter((text) => text !== '--').map(shellWord);
  const steps = [scripts[`pre${name}`], [main, ...extra].join(' '), scripts[`post${name}`]];
  return steps.filter((step) => typeof step === 'string').join(' && ');
}

/** The scripts of a manifest (package.json, composer.json). */
function scriptsOf(manifest: string): JsonObject {
  return objectOf(field(parseJson(manifest), 'scripts'));
}
