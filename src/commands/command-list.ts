/** A command as help and completion show it. */
export interface ListedCommand {
  readonly name: string;
  readonly summary: string;
}

/** All commands, in the order that the help text shows. */
export const COMMANDS = [
  {
    name: 'build',
    summary: 'Build, sign and grade an image, then load or push it',
  },
  {
    name: 'init',
    summary: 'Create a hardened Dockerfile for your project',
  },
  {
    name: 'bake',
    summary: 'Build the targets of a bake or compose file',
  },
  {
    name: 'grade',
    summary: 'Grade any image: registry, Docker, OCI layout or archive',
  },
  {
    name: 'lint',
    summary: 'Check Dockerfiles for problems, without building',
  },
  {
    name: 'explain',
    summary: 'Show what a finding means and how to fix it',
  },
  {
    name: 'fix',
    summary: 'Suggest and apply Dockerfile edits that raise the grade',
  },
  {
    name: 'reproduce',
    summary: 'Build twice and explain every difference',
  },
  {
    name: 'update',
    summary: 'Create or refresh scoville.lock',
  },
  {
    name: 'diff',
    summary: 'Compare two images file by file',
  },
  {
    name: 'verify',
    summary: "Verify an image's signature, attestations and level",
  },
  {
    name: 'push',
    summary: 'Push a built image with its signature and attestations',
  },
  {
    name: 'load',
    summary: 'Load a built image into Docker',
  },
  {
    name: 'prune',
    summary: 'Remove old builds and caches',
  },
  {
    name: 'doctor',
    summary: 'Check your setup and show how to fix it',
  },
  {
    name: 'install',
    summary: 'Install the Docker plugin',
  },
  {
    name: 'uninstall',
    summary: 'Remove the Docker plugin',
  },
  {
    name: 'completion',
    summary: 'Print a completion script for your shell',
  },
] as const satisfies readonly ListedCommand[];

export type CommandName = (typeof COMMANDS)[number]['name'];
