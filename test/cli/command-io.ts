import type { CommandIo } from '../../src/cli/io.ts';

export interface FakeIo {
  readonly io: CommandIo;
  /** What was written so far. */
  readonly out: () => string;
  readonly err: () => string;
}

/** A command's outside that writes into strings: no terminal, no environment. */
export function fakeIo(more: Partial<CommandIo> = {}): FakeIo {
  let out = '';
  let err = '';
  const io: CommandIo = {
    stdin: nothing(),
    writeOut: (text) => (out += text),
    writeErr: (text) => (err += text),
    inIsTerminal: false,
    outIsTerminal: false,
    errIsTerminal: false,
    columns: 80,
    color: false,
    env: {},
    cwd: '/nowhere',
    homeDir: '/home/user',
    platform: 'linux',
    now: () => 1_700_000_000_000,
    signal: new AbortController().signal,
    importModule: (url) => import(url),
    program: ['/usr/bin/node', '/opt/scoville/dist/scoville.js'],
    ...more,
  };
  return { io, out: () => out, err: () => err };
}

async function* nothing(): AsyncGenerator<Uint8Array> {
  // An empty stdin.
}
