import type { CommandName } from './command-list.ts';
import type { Command } from './io.ts';

/** Each command's module, loaded when it is called: start-up is part of every build. */
export const LOAD: Readonly<Record<CommandName, () => Promise<Command>>> = {
  build: async () => (await import('./build.ts')).build,
  init: async () => (await import('./init/init.ts')).init,
  bake: async () => (await import('./bake.ts')).bake,
  grade: async () => (await import('./grade/grade.ts')).grade,
  lint: async () => (await import('./lint.ts')).lint,
  explain: async () => (await import('./explain.ts')).explain,
  fix: async () => (await import('./fix/fix.ts')).fix,
  reproduce: async () => (await import('./reproduce/reproduce.ts')).reproduce,
  update: async () => (await import('./update.ts')).update,
  diff: async () => (await import('./reproduce/diff.ts')).diff,
  verify: async () => (await import('./verify/verify.ts')).verify,
  push: async () => (await import('./push.ts')).push,
  load: async () => (await import('./load.ts')).load,
  prune: async () => (await import('./prune.ts')).prune,
  doctor: async () => (await import('./doctor/doctor.ts')).doctor,
  install: async () => (await import('./plugin/install.ts')).install,
  uninstall: async () => (await import('./plugin/install.ts')).uninstall,
  completion: async () => (await import('./completion.ts')).completion,
};
