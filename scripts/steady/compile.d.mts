export const COMPILERS: readonly (readonly [name: string, compiler: string])[];
export const SOURCES: readonly (
  | 'steady-clock'
  | 'steady-files'
  | 'steady-random'
  | 'steady-devices'
  | 'steady-turns'
  | 'steady-place'
  | 'steady-exec'
  | 'steady-run'
)[];
export function compiled(compiler: string, source: string): Buffer;
export function compilerVersion(compiler: string): string;
