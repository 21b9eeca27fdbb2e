/** What runs: a line, with its last output lines below. Clean, each on one line; not cut. */
export interface LiveRow {
  readonly key: string;
  readonly label: string;
  /** Seconds so far and bytes moved. */
  readonly figures: string;
  readonly log: readonly string[];
}

/** One step of the pipeline in the checklist. */
export interface LiveItem {
  readonly key: string;
  readonly label: string;
  readonly state: 'waiting' | 'running' | 'done' | 'off';
}

/** The part of a progress screen that changes. */
export interface LiveModel {
  readonly rows: readonly LiveRow[];
  readonly items: readonly LiveItem[];
}

/** Where a live log appears. */
export interface LiveSurface {
  /** Text that stays, above what changes; without its last line end. */
  readonly print: (text: string) => void;
  readonly draw: (model: LiveModel) => void;
  /** Takes what changes away and leaves the terminal as it was. A second call does nothing. */
  readonly close: () => void;
}
