import { ARM64 } from './steady-arm64.ts';
import { X64 } from './steady-x64.ts';

/**
 * Each .c file beside this one as a shared library, gzip in base64, by processor as Node.js names
 * it; by scripts/generate-steady.mjs.
 */
export const STEADY_BYTES: Readonly<
  Record<
    string,
    Readonly<
      Record<
        | 'steady-clock'
        | 'steady-files'
        | 'steady-random'
        | 'steady-devices'
        | 'steady-turns'
        | 'steady-place'
        | 'steady-exec'
        | 'steady-run',
        string
      >
    >
  >
> = {
  x64: X64,
  arm64: ARM64,
};

/** What compiled them. */
export const STEADY_COMPILER = 'gcc (Debian 12.4.0-5) 12.4.0';
