/** The number of the thread whose turn it is; 0 where it is nobody's. */
const HOLDER = 0;
const NOBODY = 0;

let shared: SharedArrayBuffer | undefined;

/**
 * The turn that all threads of this process take to unpack with a large window: two of 128 MiB at
 * once would take what the whole process may. Memory that threads share.
 */
export function windowTurn(): SharedArrayBuffer {
  return (shared ??= new SharedArrayBuffer(4));
}

/** Waits for the turn of thread `id`, from 1; it may have it already. Not for the main thread. */
export function takeTurn(turn: SharedArrayBuffer, id: number): void {
  const numbers = new Int32Array(turn);
  for (;;) {
    const holder = Atomics.compareExchange(numbers, HOLDER, NOBODY, id);
    if (holder === NOBODY || holder === id) return;
    Atomics.wait(numbers, HOLDER, holder);
  }
}

export function isTurnOf(turn: SharedArrayBuffer, id: number): boolean {
  return Atomics.load(new Int32Array(turn), HOLDER) === id;
}

/** Passes the turn on if thread `id` had it. That thread must have ended, its memory freed. */
export function leaveTurn(turn: SharedArrayBuffer, id: number): void {
  const numbers = new Int32Array(turn);
  if (Atomics.compareExchange(numbers, HOLDER, id, NOBODY) === id) Atomics.notify(numbers, HOLDER);
}
