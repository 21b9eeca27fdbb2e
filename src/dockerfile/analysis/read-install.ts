import type { InstallForm, LockRule } from '../../programs/installs/install-form.ts';
import type { Field } from '../shell/fields.ts';
import { type CommandLine, verbOf } from './command-line.ts';
import { type FoundInstall, type InstallContext, install, lockedBy } from './found-install.ts';
import { readRequirements } from './requirements.ts';

/** What a command line installs in this form of its program; undefined where the form differs. */
export function readInstall(
  form: InstallForm,
  line: CommandLine,
  context: InstallContext,
): FoundInstall | undefined {
  const has = (options = '') => line.has(...options.split(' '));
  const values = (options = '') => line.values(...options.split(' '));
  const rest = wordsBehind(form.verbs, line.operands);
  if (rest === undefined || has(form.unless)) return undefined;
  if (form.only?.every(has) === false) return undefined;
  const frozenRepository = isFrozen(form.frozen, line, context);
  const words = [
    ...(form.from === undefined ? rest.slice(0, form.most) : values(form.from)),
    ...values(form.also),
  ];
  const version = values(form.version)[0]?.text ?? '';
  const named = words
    .flatMap(({ text }, at) => form.name?.(text, version, rest[at + 1]?.text) ?? [])
    .map(({ name, pin }) =>
      pin === undefined || (form.pinsWith !== undefined && !has(form.pinsWith))
        ? { name }
        : { name, pin },
    );
  if (form.requirements !== undefined) {
    const found = readRequirements(form.requirements, named, rest, line, context);
    return found && install(form.manager, found.packages, { frozenRepository, ...found.details });
  }
  const file =
    values(form.file)[0]?.text ?? words.find(({ text }) => form.files?.test(text) === true)?.text;
  if (named.length > 0 || file !== undefined)
    return install(form.manager, named, {
      frozenRepository,
      ...(file === undefined ? {} : { requirementsFile: file }),
    });
  if (form.unnamed === undefined || (form.unnamed === 'alone' && rest.length > 0)) return undefined;
  const listed = form.lists === undefined ? {} : { requirementsFile: form.lists };
  const lock = lockOf(form.lock, line, context);
  return install(form.manager, [], { frozenRepository, ...listed, ...lock });
}

/** The words behind a verb. */
function wordsBehind(verbs: string, words: readonly Field[]): readonly Field[] | undefined {
  if (verbs === '-') return words.length === 0 ? [] : undefined;
  return verbOf(words, verbs.split('|'))?.rest;
}

function isFrozen(by: InstallForm['frozen'], line: CommandLine, context: InstallContext): boolean {
  if (by === undefined) return false;
  const undone = by.unless && line.values(...by.unless.options.split(' '));
  if (undone?.some(({ text }) => by.unless?.is.test(text)) === true) return false;
  if (by.repository === true && context.snapshotRepository) return true;
  if (by.options !== undefined && line.has(...by.options.split(' '))) return true;
  const given = by.value && line.values(...by.value.options.split(' '));
  return given?.some(({ text }) => by.value?.is.test(text)) ?? false;
}

function lockOf(
  rule: LockRule | true | undefined,
  line: CommandLine,
  context: InstallContext,
): Partial<FoundInstall> {
  if (rule === undefined || rule === true) return { lockFile: rule === true };
  const has = (options = '') => line.has(...options.split(' '));
  if (has(rule.unless)) return {};
  const isSet = (name: string) => /^(?:1|true)$/.test(context.variable(name) ?? '');
  if (has(rule.options) || rule.variables?.split(' ').some(isSet)) return { lockFile: true };
  if (rule.before !== undefined && context.ranBefore(rule.before)) return { lockFile: true };
  const { file } = rule;
  if (file === undefined || (file.with !== undefined && !has(file.with))) return {};
  const folder = file.folder && line.values(...file.folder.split(' '))[0]?.text;
  return lockedBy(file.name, context.lockFile(file.name, folder));
}
