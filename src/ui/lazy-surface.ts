import type { LiveModel, LiveSurface } from './live-model.ts';

/** Runs that are over sooner never draw, and never load what draws. */
const QUICK_MS = 150;

interface LazySurfaceOptions {
  /** Writes lines as long as nothing is drawn. */
  readonly write: (text: string) => void;
  /** Loads what draws; a failure leaves it at lines. */
  readonly load: () => Promise<() => LiveSurface>;
  /** Milliseconds. */
  readonly now: () => number;
}

/** A surface that opens with the first drawing after a moment; before, it only writes its lines. */
export function lazySurface({ write, load, now }: LazySurfaceOptions): LiveSurface {
  const since = now();
  let surface: LiveSurface | undefined;
  let isLoading = false;
  let isOpen = true;
  const start = async (): Promise<void> => {
    const open = await load();
    if (isOpen) surface = open();
  };
  return {
    print: (text) => {
      if (surface === undefined) write(`${text}\n`);
      else surface.print(text);
    },
    draw: (model: LiveModel) => {
      if (surface !== undefined) surface.draw(model);
      else if (!isLoading && isOpen && model.rows.length > 0 && now() - since >= QUICK_MS) {
        isLoading = true;
        start().catch(() => undefined);
      }
    },
    close: () => {
      isOpen = false;
      surface?.close();
    },
  };
}
