import type { Unreadable } from '../../hermetic/tunnel.ts';
import type { StepClock } from './step-clock.ts';

/** Where something that was seen may come from. */
export interface Place {
  readonly stages: readonly string[];
  /** `Dockerfile:12`. */
  readonly text: string;
}

/** Why a recording is not all that a RUN had of a network. */
export interface Gap {
  readonly text: string;
  readonly stages: readonly string[];
  /** Not read by the proxy; gone past it; or nobody counted. */
  readonly kind: 'unread' | 'past' | 'uncounted';
}

/** What passed the proxy unread. From `most` entries on there may be more, in any stage. */
export function unreadGaps(
  unreadable: readonly Unreadable[],
  places: readonly Place[],
  most: number,
): readonly Gap[] {
  const told = unreadable.map(({ target, why }, i): Gap => {
    const { text = '', stages = [] } = places[i] ?? {};
    return { text: `${text} ${target} could not be read: ${why}`, stages, kind: 'unread' };
  });
  const more: Gap = {
    text: `${most} connections or more were not read`,
    stages: [],
    kind: 'unread',
  };
  return told.length < most ? told : [...told, more];
}

/** What went past it, or may have. */
export function pastGaps(past: ReturnType<StepClock['past']>, file: string): readonly Gap[] {
  return past.map(({ place, why, isKnown }) => ({
    text: `${place?.line === undefined ? file : `${file}:${place.line}`} ${why}`,
    stages: place === undefined ? [] : [place.stage],
    kind: isKnown ? 'past' : 'uncounted',
  }));
}
