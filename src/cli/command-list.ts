import type { CompletedCommand } from './command-help.ts';
import type { CommandSpec } from './flag-table.ts';
import type { Command } from './io.ts';

/** A command: what help shows of it, what it takes, and its module, loaded when it is called. */
interface ListedCommand {
  readonly name: string;
  readonly group: string;
  readonly was?: string;
  readonly summary: string;
  /** It tags, loads, pushes or attaches: an interrupt says what was not done. */
  readonly publishes?: true;
  /** Loaded without the command: a person who asks for help does not wait for the pipeline. */
  readonly spec: () => Promise<CommandSpec>;
  readonly load: () => Promise<Command>;
}

/** What commands are for, and those of each, in the order of help and docs. */
const GROUPS = {
  Build: 'build bake push load',
  Judge: 'grade report lint explain reproduce diff verify',
  Improve: 'init fix profile lock config',
  Trust: 'policy attest vex mirror',
  Serve: 'serve worker',
  'Set up': 'doctor install uninstall lsp mcp completion db prune',
};

const LISTED: Readonly<Record<string, Omit<ListedCommand, 'name' | 'group'>>> = {
  build: {
    publishes: true,
    summary: 'Build, sign and grade an image; load or push it',
    spec: async () => (await import('../build/flags.ts')).BUILD,
    load: async () => (await import('./build-early.ts')).buildEarly,
  },
  init: {
    summary: 'Create a hardened Dockerfile for your project',
    spec: async () => (await import('../init/init-flags.ts')).INIT,
    load: async () => (await import('../init/init.ts')).init,
  },
  bake: {
    publishes: true,
    summary: 'Build the targets of a bake or compose file',
    spec: async () => (await import('../build/bake-command-line.ts')).BAKE,
    load: async () => (await import('./bake.ts')).bake,
  },
  grade: {
    summary: 'Grade any image: registry, Docker, OCI layout or archive',
    spec: async () => (await import('../grade/flags.ts')).GRADE,
    load: async () => (await import('../grade/grade-command.ts')).grade,
  },
  report: {
    summary: 'Open the HTML report of the last grade of an image',
    spec: async () => (await import('./report.ts')).REPORT,
    load: async () => (await import('./report.ts')).report,
  },
  lint: {
    summary: 'Check Dockerfiles for problems, without building',
    spec: async () => (await import('../lint/flags.ts')).LINT,
    load: async () => (await import('../lint/lint-command.ts')).lint,
  },
  explain: {
    summary: 'Show what a finding means and how to fix it',
    spec: async () => (await import('./explain.ts')).EXPLAIN,
    load: async () => (await import('./explain.ts')).explain,
  },
  fix: {
    summary: 'Suggest and apply Dockerfile edits that raise the grade',
    spec: async () => (await import('../fix/flags.ts')).FIX,
    load: async () => (await import('../fix/fix.ts')).fix,
  },
  reproduce: {
    publishes: true,
    summary: 'Build twice and explain every difference',
    spec: async () => (await import('../reproduce/flags.ts')).REPRODUCE,
    load: async () => (await import('../reproduce/reproduce-command.ts')).reproduce,
  },
  profile: {
    summary: 'Make a seccomp profile that fits a program, and prove it',
    spec: async () => (await import('../profile/profile.ts')).PROFILE,
    load: async () => (await import('../profile/profile.ts')).profile,
  },
  lock: {
    was: 'update',
    summary: 'Create or refresh scoville.lock',
    spec: async () => (await import('./specs.ts')).LOCK,
    load: async () => (await import('../build/update-lock.ts')).lock,
  },
  config: {
    summary: 'Set settings in .scoville.yaml',
    spec: async () => (await import('./specs.ts')).CONFIG,
    load: async () => (await import('./config.ts')).config,
  },
  diff: {
    summary: 'Compare two images file by file',
    spec: async () => (await import('./specs.ts')).DIFF,
    load: async () => (await import('../reproduce/reproduce-command.ts')).diff,
  },
  verify: {
    summary: "Verify an image's signature, attestations and level",
    spec: async () => (await import('../trust/flags.ts')).VERIFY,
    load: async () => (await import('../trust/verify-command.ts')).verify,
  },
  policy: {
    summary: 'Write policies that admit only what you signed',
    spec: async () => (await import('../trust/flags.ts')).POLICY_COMMAND,
    load: async () => (await import('../trust/policy-command.ts')).policy,
  },
  attest: {
    publishes: true,
    summary: 'Sign a statement or profile for an image',
    spec: async () => (await import('../trust/flags.ts')).ATTEST,
    load: async () => (await import('../trust/attest-command.ts')).attest,
  },
  vex: {
    publishes: true,
    summary: 'State which vulnerabilities do not affect an image',
    spec: async () => (await import('../trust/flags.ts')).VEX,
    load: async () => (await import('../trust/vex-command.ts')).vex,
  },
  push: {
    publishes: true,
    summary: 'Push a built image or archive, with its attestations',
    spec: async () => (await import('./specs.ts')).PUSH,
    load: async () => (await import('./stored.ts')).push,
  },
  mirror: {
    publishes: true,
    summary: 'Copy an image with everything attached to it',
    spec: async () => (await import('../trust/mirror.ts')).MIRROR,
    load: async () => (await import('../trust/mirror.ts')).mirror,
  },
  load: {
    publishes: true,
    summary: 'Load a built image into Docker',
    spec: async () => (await import('./specs.ts')).LOAD_SPEC,
    load: async () => (await import('./stored.ts')).load,
  },
  prune: {
    summary: 'Remove old builds and caches',
    spec: async () => (await import('./specs.ts')).PRUNE,
    load: async () => (await import('./stored.ts')).prune,
  },
  db: {
    summary: 'Fetch advisories, to scan images without a network',
    spec: async () => (await import('../scan/db-spec.ts')).DB,
    load: async () => (await import('../scan/db-command.ts')).db,
  },
  serve: {
    summary: 'Grade images for a team: API, badges and pages',
    spec: async () => (await import('../service/spec.ts')).SERVE,
    load: async () => (await import('./service.ts')).serve,
  },
  worker: {
    summary: 'Grade what a service was asked for, on another machine',
    spec: async () => (await import('../service/spec.ts')).WORKER,
    load: async () => (await import('./service.ts')).worker,
  },
  doctor: {
    summary: 'Check your setup and show how to fix it',
    spec: async () => (await import('./specs.ts')).DOCTOR,
    load: async () => (await import('./doctor.ts')).doctor,
  },
  install: {
    summary: 'Install the Docker plugin',
    spec: async () => (await import('./specs.ts')).INSTALL,
    load: async () => (await import('./plugin-install.ts')).install,
  },
  uninstall: {
    summary: 'Remove the Docker plugin',
    spec: async () => (await import('./specs.ts')).UNINSTALL,
    load: async () => (await import('./plugin-install.ts')).uninstall,
  },
  lsp: {
    summary: 'Check Dockerfiles in your editor (language server)',
    spec: async () => (await import('../editor/flags.ts')).LSP,
    load: async () => (await import('../editor/lsp.ts')).lsp,
  },
  mcp: {
    summary: 'Let a coding agent lint, grade and explain (MCP server)',
    spec: async () => (await import('../editor/flags.ts')).MCP,
    load: async () => (await import('../editor/mcp.ts')).mcp,
  },
  completion: {
    summary: 'Print a completion script for your shell',
    spec: async () => (await import('./specs.ts')).COMPLETION,
    load: async () => (await import('./completion.ts')).completion,
  },
};

export const COMMANDS: readonly ListedCommand[] = Object.entries(GROUPS).flatMap(([group, names]) =>
  names.split(' ').flatMap((name) => {
    const listed = LISTED[name];
    return listed === undefined ? [] : [{ name, group, ...listed }];
  }),
);

export function completedCommands(): Promise<readonly CompletedCommand[]> {
  return Promise.all(
    COMMANDS.map(async ({ name, summary, spec }) => ({ name, summary, spec: await spec() })),
  );
}
