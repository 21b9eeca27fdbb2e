import type { PackageInstall } from '../../model/build-analysis.ts';
import type { SourceWord } from '../../model/dockerfile-source.ts';
import type { FixInput, FixPlan, FixRule, InstalledVersion } from '../../model/fix-rule.ts';
import type { TextEdit } from '../../model/planned-edit.ts';
import { unquoted } from '../../model/shell-word.ts';
import { managerNamed } from '../../programs/managers.ts';
import { commandAt } from '../shared/edit/command-at.ts';
import { NOTHING, proposal, refusal, refusedAt, together } from '../shared/edit/proposal.ts';

/** What finds a pin that nobody knows yet: a build shows the versions. */
export const BY_BUILD = 'scoville fix --build';

/** A version that means the same to every shell and package manager. */
const PLAIN = /^[A-Za-z0-9][\w.+~:-]*$/;

/** As pip compares names (PEP 503). */
function nameKey(type: string, name: string): string {
  return type === 'pypi' ? name.toLowerCase().replace(/[-_.]+/g, '-') : name;
}

/** The one version of a package that a stage has; an error where there is none or several. */
function versionOf(
  name: string,
  type: string,
  installed: readonly InstalledVersion[],
): { readonly version: string } | { readonly reason: string } {
  const versions = new Set(
    installed
      .filter((one) => one.type === type && nameKey(type, one.name) === nameKey(type, name))
      .map(({ version }) => version),
  );
  const [version, second] = versions;
  if (version === undefined) return { reason: `${name} is not among what the stage installed` };
  if (second !== undefined) return { reason: `${name} was installed in ${versions.size} versions` };
  return PLAIN.test(version)
    ? { version }
    : { reason: `${name} has a version that is not a plain word` };
}

const VERBS = new Set(['install', 'add', 'i', 'in']);

/**
 * The words after the verb that name a package (`npm install npm`), whole: without a variable,
 * version or release. Long lists may name one twice.
 */
function wordsOf(
  name: string,
  words: readonly SourceWord[],
  { source }: FixInput,
): readonly SourceWord[] {
  const bare = (text: string): string => unquoted(text).replace(/\[[^\][]*\]$/, '');
  const verb = words.findIndex(({ value }) => VERBS.has(value ?? ''));
  return words.slice(Math.max(verb, 0) + 1).filter(
    ({ text, value, start, end }) =>
      value !== undefined &&
      bare(text) === name &&
      // What an outer quote escapes is not written as it is read.
      source.text.slice(start, end) === text,
  );
}

function pinned(install: PackageInstall, input: FixInput): FixPlan {
  const { manager, packages, lockFile, frozenRepository, unresolved, stage, range } = install;
  const loose = packages.filter(({ pin }) => pin === undefined);
  const { recorded, joint, isOfSystem } = managerNamed(manager) ?? {};
  if (lockFile || frozenRepository || loose.length === 0) return NOTHING;
  if (recorded === undefined || joint === undefined) return NOTHING;
  const at = { line: range.startLine };
  const refused = (reason: string, settle?: string): FixPlan =>
    refusedAt(at, `${loose.map(({ name }) => name).join(', ')} not pinned: ${reason}`, settle);
  if (unresolved) return refused('a name is not constant');
  if (install.requirementsFile !== undefined) return refused(`${install.requirementsFile} decides`);
  const found = commandAt(input, stage, range, (words) =>
    loose.some(({ name }) => wordsOf(name, words, input).length > 0),
  );
  if (found === undefined) return refused('the words have no place of their own');
  const known = input.facts.versions.get(stage);
  if (known === undefined) return refused('what the stage installs is not known', BY_BUILD);
  if (!known.ok) return refused(known.error);
  const edits: (TextEdit & { readonly name: string; readonly version: string })[] = [];
  const reasons: string[] = [];
  for (const name of new Set(loose.map((one) => one.name))) {
    const words = wordsOf(name, found.command.words, input);
    const version = versionOf(name, recorded, known.value);
    if (words.length === 0)
      reasons.push(`${name} is spelled with a range of versions, or by way of a variable`);
    else if ('reason' in version) reasons.push(version.reason);
    else
      for (const word of words) {
        const end = /["']$/.test(word.text) ? word.end - 1 : word.end;
        edits.push({
          start: end,
          end,
          text: joint + version.version,
          name,
          version: version.version,
        });
      }
  }
  return {
    edits: edits.map(({ name, version, ...edit }) =>
      proposal(found.run, {
        key: `${manager}/${name}`,
        title: `Pin ${name} of ${manager} to ${version}`,
        why: 'Each build gets the version that this one was tried with',
        risk: isOfSystem ? 'medium' : 'low',
        riskReason: isOfSystem
          ? 'the archive drops old versions: once it has a newer one the build fails until the pin is refreshed; --freeze pins the archive instead'
          : 'updates no longer come automatically',
        edits: [edit],
      }),
    ),
    refusals: reasons.map((reason) => refusal(at, reason)),
  };
}

/** Installed packages get the versions that the build really installed. */
export const pinPackages: FixRule = {
  id: 'pin-packages',
  title: 'Pin packages to the versions that are installed',
  help:
    'Puts the version that a stage really installed behind each name: `curl=8.14.1-2` (apt, apk), `-` (dnf), `==` (pip), `@` (npm), `:` (gem). Versions come from `scoville.lock` beside the Dockerfile, for the ' +
    'stages of the image, or with `--build` from a build of each stage that installs something. What the lock or the build does not know is left alone; so are requirements files and lock files, which decide for themselves.',
  breaks: [
    { what: 'a later build fails, once the archive has dropped the version' },
    {
      what: 'another version is installed than today',
      shownBy: 'the version is that of scoville.lock, or of a build of the stage',
    },
  ],
  criterion: 'pinned-packages',
  needs: ['versions'],
  plan: (input) => together(input.analysis.installs.map((install) => pinned(install, input))),
};
