import { COMMANDS } from './command-list.ts';

/** The text of `scoville --help`. */
export function helpText(): string {
  const width = Math.max(...COMMANDS.map((c) => c.name.length)) + 2;
  const rows = COMMANDS.map((c) => `  ${c.name.padEnd(width)}${c.summary}`);
  return `scoville: docker build, and then signed, attested, graded

Usage: scoville COMMAND [ARGUMENTS]

Commands:
${rows.join('\n')}

Options:
  --help      this text; with a command, that command's own (scoville build --help)
  --version   the version

Exit codes: 0 met; 1 judged and short of the gate; 2 could not judge, or bad usage;
a failed build keeps the exit code of docker buildx; 130 after Ctrl-C.

Start with:  scoville build -t my-app .
Settings:    .scoville.yaml beside your Dockerfile (docs/configuration.md)
`;
}
