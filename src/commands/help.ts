import { COMMANDS } from './command-list.ts';

/** The text of `scoville --help`. */
export function helpText(): string {
  const width = Math.max(...COMMANDS.map((c) => c.name.length)) + 2;
  const rows = COMMANDS.map((c) => `  ${c.name.padEnd(width)}${c.summary}`);
  return `Build container images reproducibly, sign them, and grade how hardened they are.

Usage: scoville COMMAND [ARGUMENTS]

Start with:
  scoville build -t my-app .     instead of docker build
  scoville grade IMAGE           how hardened an image is
  scoville explain ID            what a finding means, and how to fix it

Commands:
${rows.join('\n')}

Options:
  -h, --help  Show help (scoville COMMAND --help for one command)
  --version   Show the version

Exit codes:
  0    success
  1    gate not met
  2    error
  130  canceled
  A failed build keeps the exit code of docker buildx.

Settings: .scoville.yaml next to your Dockerfile
`;
}
