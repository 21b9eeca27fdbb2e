import type { RewriteRule } from '../rule.ts';

const HEADER_BYTES = 16;

/**
 * The source that `path` was compiled from: beside it, or a folder up for
 * `__pycache__/NAME.TAG.pyc` (PEP 3147; TAG may have `.opt-1` behind it).
 */
export function sourceOfPyc(path: string): string {
  const cached = /^(.*?)(?:__pycache__\/)([^/]+?)\.[^./]+(?:\.opt-[^./]+)?\.pyc$/s.exec(path);
  if (cached !== null) return `${cached[1] ?? ''}${cached[2] ?? ''}.py`;
  return path.slice(0, -1);
}

export const pycHeader: RewriteRule = {
  id: 'pyc-header',
  touches:
    'Bytes 8 to 11 of compiled Python files that contain their source’s time (PEP 552: flags ' +
    '0). The time becomes the new time of the source.',
  safeBecause:
    'Python compares the two and goes on using the compiled file, which it would not if the source’s time alone had changed. What was out of date stays out of date.',
  answers: 'Compiled Python files with timestamps',
  mode: 'safe',
  kind: 'rewrite',
  headBytes: HEADER_BYTES,
  applies: ({ path }) => path.endsWith('.pyc'),
  rewrite: (bytes, { path, stamps }) => {
    if (bytes.length < HEADER_BYTES) return undefined;
    const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES);
    // Magic numbers end in CR LF; before Python 3.7 there were no flags and the time stood in their
    // place.
    const isPyc = view.getUint16(2, true) === 0x0a0d;
    const isTimed = view.getUint32(4, true) === 0;
    if (!isPyc || !isTimed) return undefined;
    const stored = view.getUint32(8, true);
    const written = stamps.stampOf(sourceOfPyc(path), stored, view.getUint32(12, true));
    if (written === stored) return undefined;
    view.setUint32(8, written, true);
    return bytes;
  },
};
