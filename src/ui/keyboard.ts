import { type Key, useInput } from 'ink';
import { useRef, useState } from 'react';

const CTRL_C = '\u0003';
/** Runs of text, and the control characters that are keys by themselves. */
const PARTS = /[\r\n\b\u007f\u0015]|[^\r\n\b\u007f\u0015]+/g;

/**
 * Calls `press` for each key. What was typed while the program was busy comes from Ink as one
 * input: text and the control keys in it are kept apart here. Ctrl-C anywhere in it counts alone.
 */
export function useKeys(
  press: (input: string, key: Partial<Key>) => void,
  onInterrupt?: () => void,
): void {
  useInput((input, key) => {
    if ((key.ctrl && input === 'c') || input.includes(CTRL_C)) onInterrupt?.();
    else if (input.length < 2) press(input, key);
    else for (const part of input.match(PARTS) ?? []) press(...keyOf(part));
  });
}

function keyOf(part: string): [input: string, key: Partial<Key>] {
  if (part === '\r' || part === '\n') return ['', { return: true }];
  if (part === '\b' || part === '\u007f') return ['', { backspace: true }];
  return part === '\u0015' ? ['u', { ctrl: true }] : [part, {}];
}

/** State that keys change. */
export interface KeyState<T> {
  /** As of the last drawing. */
  readonly shown: T;
  readonly now: () => T;
  readonly set: (value: T) => void;
}

/** Several keys may precede a React redraw: `now` shows each what the key before it changed. */
export function useKeyState<T>(initial: T): KeyState<T> {
  const [shown, show] = useState(initial);
  const latest = useRef(initial);
  const set = (value: T): void => {
    latest.current = value;
    show(value);
  };
  return { shown, now: () => latest.current, set };
}
