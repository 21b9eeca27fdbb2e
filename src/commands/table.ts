import type { Command } from './io.ts';

/** One command: its name, what its help line says, and the module that is loaded when it is called. */
export interface CommandEntry {
  readonly name: string;
  readonly usage: string;
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

/** All commands, in the order that the help text shows. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'build',
    usage: 'build [docker buildx build flags] PATH|URL|-',
    summary: 'build an image reproducibly, sign and attest it, grade it, then load or push it',
    load: async () => (await import('./build.ts')).build,
  },
  {
    name: 'push',
    usage: 'push NAME[:TAG]',
    summary: 'push what a build left in the layout, with its signature and attestations',
    load: async () => (await import('./push.ts')).push,
  },
  {
    name: 'load',
    usage: 'load NAME[:TAG]',
    summary: 'load what a build left in the layout into Docker',
    load: async () => (await import('./load.ts')).load,
  },
  {
    name: 'prune',
    usage: 'prune [--all] [--keep N] [--older-than DAYS] [--dry-run]',
    summary: 'free what earlier builds left in the layout and the caches',
    load: async () => (await import('./prune.ts')).prune,
  },
  {
    name: 'doctor',
    usage: 'doctor [--json]',
    summary: 'say what is there, what is missing, and the one command that mends each',
    load: async () => (await import('./doctor.ts')).doctor,
  },
  {
    name: 'completion',
    usage: 'completion bash|zsh|fish',
    summary: 'print a completion script for your shell',
    load: async () => (await import('./completion.ts')).completion,
  },
];
