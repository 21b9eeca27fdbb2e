import type { Field } from './fields.ts';

/** Where a command's input comes from and its output goes, as far as redirects say so. */
export interface Streams {
  readonly input?: Field;
  readonly readsFrom: readonly string[];
  readonly writesTo: readonly string[];
  /** Others write there before and after it. */
  readonly shares?: boolean;
}

export const NO_STREAMS: Streams = { readsFrom: [], writesTo: [] };

/** Streams of a command in a compound one: its own, and those of `outer` where it has none. */
export function streamsIn(outer: Streams, own: Streams): Streams {
  const input = own.input ?? (own.readsFrom.length > 0 ? undefined : outer.input);
  return {
    readsFrom:
      own.readsFrom.length > 0 || own.input !== undefined ? own.readsFrom : outer.readsFrom,
    writesTo: own.writesTo.length > 0 ? own.writesTo : outer.writesTo,
    shares: own.writesTo.length > 0 ? own.shares === true : outer.writesTo.length > 0,
    ...(input === undefined ? {} : { input }),
  };
}
