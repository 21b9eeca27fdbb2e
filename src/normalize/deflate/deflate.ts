import { DEFLATE_WASM } from './deflate-wasm.ts';

/** How far back a match may lie: history in front of a piece that is worth giving. */
export const WINDOW = 32768;
/** Input to a piece. Part of what the bytes depend on. */
export const PIECE_BYTES = 1 << 20;

interface DeflateExports {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly input: () => number;
  readonly output: () => number;
  /** Length of what is in `output` of the input from `start` to `end`. */
  readonly deflate: (start: number, end: number) => number;
}

/** What is used of it: the types of Node.js have none. */
interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: object };
}

function open() {
  const { Module, Instance } = Reflect.get(globalThis, 'WebAssembly') as WebAssemblyApi;
  const module = new Module(Buffer.from(DEFLATE_WASM, 'base64'));
  const { memory, input, output, deflate } = new Instance(module).exports as DeflateExports;
  return {
    input: new Uint8Array(memory.buffer, input(), WINDOW + PIECE_BYTES),
    output: new Uint8Array(memory.buffer, output()),
    deflate,
  };
}

/** Of this thread; its memory is 5 MB and never grows. */
let opened: ReturnType<typeof open> | undefined;

/**
 * Compresses `data` from `start` on as non-final DEFLATE blocks that end on a whole byte. The bytes
 * before `start` (at most WINDOW) are history that the reader has; at most PIECE_BYTES follow.
 * Pieces made this way can be joined. The same input gives the same bytes on any engine and
 * processor.
 */
export function deflatePiece(data: Uint8Array, start: number): Uint8Array<ArrayBuffer> {
  const { input, output, deflate } = (opened ??= open());
  // Throws where it does not fit.
  input.set(data);
  return output.slice(0, deflate(start, data.length));
}
