/** A command as help and completion show it. */
export interface ListedCommand {
  readonly name: string;
  readonly usage: string;
  readonly summary: string;
}

/** All commands, in the order that the help text shows. */
export const COMMANDS = [
  {
    name: 'build',
    usage: 'build [docker buildx build flags] PATH|URL|-',
    summary: 'build an image reproducibly, sign and attest it, grade it, then load or push it',
  },
  {
    name: 'init',
    usage: 'init [flags] [FOLDER]',
    summary: 'write a hardened Dockerfile and its settings for the stack of a project',
  },
  {
    name: 'bake',
    usage: 'bake [docker buildx bake flags] [TARGET...]',
    summary: 'build the targets of a bake definition or compose file, each as build does',
  },
  {
    name: 'grade',
    usage: 'grade [flags] IMAGE... | --file LIST',
    summary: 'grade any image: of a registry, of Docker, an OCI layout or an archive',
  },
  {
    name: 'lint',
    usage: 'lint [flags] [DOCKERFILE|FOLDER|-]...',
    summary: 'find in Dockerfiles, without building, what would cost the image its grade',
  },
  {
    name: 'explain',
    usage: 'explain [--json] [ID...]',
    summary: 'Show what a finding means, why it matters and how to fix it',
  },
  {
    name: 'fix',
    usage: 'fix [flags] [DOCKERFILE|FOLDER] [-- build flags]',
    summary: 'mend a Dockerfile by small edits, each shown with what it gains, on a yes',
  },
  {
    name: 'reproduce',
    usage: 'reproduce [--attest] [flags] PATH|URL|IMAGE',
    summary:
      'build twice and name each file that differs, its Dockerfile line, why, and what to do',
  },
  {
    name: 'update',
    usage: 'update [scoville build flags] PATH|URL',
    summary: 'write or refresh scoville.lock, which builds hold to, and say what changed',
  },
  {
    name: 'diff',
    usage: 'diff [--platform OS/ARCH] [--json] [--report FORMAT[=FILE]] FIRST SECOND',
    summary: 'name each file in which two images differ, why, and what to do about it',
  },
  {
    name: 'verify',
    usage: 'verify [flags] IMAGE...',
    summary: 'say whether an image may be deployed: signature, attestations, level',
  },
  {
    name: 'push',
    usage: 'push NAME[:TAG]...',
    summary: 'push what a build left in the layout, with its signature and attestations',
  },
  {
    name: 'load',
    usage: 'load NAME[:TAG]...',
    summary: 'load what a build left in the layout into Docker',
  },
  {
    name: 'prune',
    usage: 'prune [--all] [--keep N] [--older-than DAYS] [--dry-run] [--json]',
    summary: 'free what earlier builds left in the layout and the caches',
  },
  {
    name: 'doctor',
    usage: 'doctor [--json]',
    summary: 'say what is there, what is missing, and the one command that mends each',
  },
  {
    name: 'install',
    usage: 'install [--replace-build]',
    summary: 'make docker scoville work, and with --replace-build docker build go through scoville',
  },
  {
    name: 'uninstall',
    usage: 'uninstall',
    summary: 'undo install exactly',
  },
  {
    name: 'completion',
    usage: 'completion bash|zsh|fish',
    summary: 'print a completion script for your shell',
  },
] as const satisfies readonly ListedCommand[];

export type CommandName = (typeof COMMANDS)[number]['name'];
