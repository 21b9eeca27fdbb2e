/** A command as help and completion show it. */
export interface ListedCommand {
  readonly name: string;
  readonly summary: string;
}

/** All commands, in the order that the help text shows. */
export const COMMANDS = [
  {
    name: 'build',
    summary: 'build an image reproducibly, sign and attest it, grade it, then load or push it',
  },
  {
    name: 'init',
    summary: 'write a hardened Dockerfile and its settings for the stack of a project',
  },
  {
    name: 'bake',
    summary: 'build the targets of a bake definition or compose file, each as build does',
  },
  {
    name: 'grade',
    summary: 'grade any image: of a registry, of Docker, an OCI layout or an archive',
  },
  {
    name: 'lint',
    summary: 'find in Dockerfiles, without building, what would cost the image its grade',
  },
  {
    name: 'explain',
    summary: 'Show what a finding means, why it matters and how to fix it',
  },
  {
    name: 'fix',
    summary: 'mend a Dockerfile by small edits, each shown with what it gains, on a yes',
  },
  {
    name: 'reproduce',
    summary:
      'build twice and name each file that differs, its Dockerfile line, why, and what to do',
  },
  {
    name: 'update',
    summary: 'write or refresh scoville.lock, which builds hold to, and say what changed',
  },
  {
    name: 'diff',
    summary: 'name each file in which two images differ, why, and what to do about it',
  },
  {
    name: 'verify',
    summary: 'say whether an image may be deployed: signature, attestations, level',
  },
  {
    name: 'push',
    summary: 'push what a build left in the layout, with its signature and attestations',
  },
  {
    name: 'load',
    summary: 'load what a build left in the layout into Docker',
  },
  {
    name: 'prune',
    summary: 'free what earlier builds left in the layout and the caches',
  },
  {
    name: 'doctor',
    summary: 'say what is there, what is missing, and the one command that mends each',
  },
  {
    name: 'install',
    summary: 'make docker scoville work, and with --replace-build docker build go through scoville',
  },
  {
    name: 'uninstall',
    summary: 'undo install exactly',
  },
  {
    name: 'completion',
    summary: 'print a completion script for your shell',
  },
] as const satisfies readonly ListedCommand[];

export type CommandName = (typeof COMMANDS)[number]['name'];
