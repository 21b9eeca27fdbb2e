import type { CommandSpec } from '../plans/flags/command-spec.ts';
import type { CompletedCommand } from '../plans/flags/completion.ts';
import { type CommandName, COMMANDS } from './command-list.ts';

/** What each command takes, loaded without the command: a person who asks for help does not wait for the pipeline. */
export const SPEC: Readonly<Record<CommandName, () => Promise<CommandSpec>>> = {
  build: async () => (await import('../plans/flags/build-spec.ts')).BUILD,
  bake: async () => (await import('../plans/bake/bake-flags.ts')).BAKE,
  init: async () => (await import('./init/init-flags.ts')).INIT,
  grade: async () => (await import('./grade/grade-flags.ts')).GRADE,
  lint: async () => (await import('./lint-flags.ts')).LINT,
  explain: async () => (await import('./explain.ts')).EXPLAIN,
  fix: async () => (await import('./fix/fix-flags.ts')).FIX,
  reproduce: async () => (await import('./reproduce/reproduce-flags.ts')).REPRODUCE,
  verify: async () => (await import('./verify/verify-flags.ts')).VERIFY,
  update: async () => (await import('./small-specs.ts')).UPDATE,
  diff: async () => (await import('./small-specs.ts')).DIFF,
  push: async () => (await import('./small-specs.ts')).PUSH,
  load: async () => (await import('./small-specs.ts')).LOAD_SPEC,
  prune: async () => (await import('./small-specs.ts')).PRUNE,
  doctor: async () => (await import('./small-specs.ts')).DOCTOR,
  install: async () => (await import('./small-specs.ts')).INSTALL,
  uninstall: async () => (await import('./small-specs.ts')).UNINSTALL,
  completion: async () => (await import('./small-specs.ts')).COMPLETION,
};

/** All commands as completion shows them. */
export function completedCommands(): Promise<readonly CompletedCommand[]> {
  return Promise.all(
    COMMANDS.map(async ({ name, summary }) => ({ name, summary, spec: await SPEC[name]() })),
  );
}
