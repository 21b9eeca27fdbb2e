import type { Field } from '../shell/fields.ts';

export const PACKAGE_RUNNERS = /^(?:npm|yarn|pnpm)$/;
/** Verbs of the managers by which a script of this name runs. */
const NAMED = /^(?:start|test|build)$/;

/** The text of a script of package.json that `npm run NAME` runs, with those that run before and after it; undefined where it names none that is there. */
export function packageScript(argv: readonly Field[], manifest: string): string | undefined {
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
  const extra = given.filter((text) => text !== '--').map(quoted);
  const steps = [scripts[`pre${name}`], [main, ...extra].join(' '), scripts[`post${name}`]];
  return steps.filter((step) => typeof step === 'string').join(' && ');
}

function scriptsOf(manifest: string): Readonly<Record<string, unknown>> {
  try {
    const read: unknown = JSON.parse(manifest);
    const scripts = typeof read === 'object' && read !== null && 'scripts' in read && read.scripts;
    return typeof scripts === 'object' && scripts !== null ? { ...scripts } : {};
  } catch {
    return {};
  }
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
