import type { CommandName } from './command-list.ts';

/** The help of commands whose own module loads the whole pipeline: a person who asks for help waits for none of it. */
export const HELP_TEXT: Readonly<Partial<Record<CommandName, () => Promise<string>>>> = {
  build: async () => (await import('../plans/build-help.ts')).buildHelp(),
  bake: async () => (await import('../plans/bake/bake-help.ts')).bakeHelp(),
  init: async () => (await import('./init/init-flags.ts')).INIT_HELP,
  grade: async () => (await import('./grade/grade-flags.ts')).GRADE_HELP,
  lint: async () => (await import('./lint-flags.ts')).LINT_HELP,
  fix: async () => (await import('./fix/fix-flags.ts')).FIX_HELP,
  reproduce: async () => (await import('./reproduce/reproduce-flags.ts')).REPRODUCE_HELP,
  verify: async () => (await import('./verify/verify-flags.ts')).VERIFY_HELP,
};
