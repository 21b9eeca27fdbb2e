import { bool, type CommandSpec, exits } from '../cli/flag-table.ts';

export const LSP = {
  name: 'lsp',
  usage: ['lsp'],
  about: `
A language server for Dockerfiles, on stdin and stdout: an editor starts it. It shows the findings of scoville lint as
you type, what each means, and the edits of scoville fix. The settings are those of the folder of the file. No network
is used but for an edit that says so when you choose it.`,
  examples: [['scoville lsp', 'what an editor starts']],
  exits: exits({ 0: 'the editor ended it', 1: 'the editor went away', 2: 'a wrong flag' }),
  flags: { stdio: bool('The only way there is; for editors that add it') },
  operands: { most: 0, error: 'does not take names' },
} satisfies CommandSpec;

export const MCP = {
  name: 'mcp',
  usage: ['mcp'],
  about: `
A server of the Model Context Protocol, on stdin and stdout: a coding agent starts it. Its tools are lint, grade, explain
and fix, as a dry run. None writes, signs or publishes anything. Files are read below the folder that it was started in.
No network is used but in a call that asks for it.`,
  examples: [['scoville mcp', 'what an agent starts']],
  exits: exits({ 0: 'the agent ended it', 2: 'a wrong flag' }),
  flags: {},
  operands: { most: 0, error: 'does not take names' },
} satisfies CommandSpec;
