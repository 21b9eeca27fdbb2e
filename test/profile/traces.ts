import type { Trace } from '../../src/profile/trace-reader.ts';

/** A trace of calls, some with values of the argument that can be narrowed. */
export function traceOf(calls: Readonly<Record<string, readonly number[] | undefined>>): Trace {
  return {
    calls: new Map(
      Object.entries(calls).map(([name, values]) => [
        name,
        { count: 1, values: values === undefined ? undefined : new Set(values.map(BigInt)) },
      ]),
    ),
    modes: new Set(),
    unread: 0,
  };
}

/** A service with threads. */
export const SERVICE = traceOf({
  execve: undefined,
  read: undefined,
  write: undefined,
  mmap: undefined,
  accept4: undefined,
  listen: undefined,
  clone: [0x3d0f00],
  set_robust_list: undefined,
  socket: [10],
  prctl: [15],
  ioctl: [0x5421],
  clone3: undefined,
  io_uring_setup: undefined,
});

/** What thread libraries of C pass to clone, and what fork does. */
export const FORK = 0x1200011;
