/** Something that a program is put through, with what it has to answer. */
export type Exercise =
  | {
      readonly kind: 'http';
      /** From `/`. */
      readonly path: string;
      readonly method: string;
      readonly headers: Readonly<Record<string, string>>;
      /** Sent with the request. */
      readonly body: string | undefined;
      /** Of the container; without it the lowest that the image exposes. */
      readonly port: number | undefined;
      /** Without a status, one from 200 to 399. `body` is a part of the answer's. */
      readonly expect: { readonly status?: number; readonly body?: string };
    }
  /** A program of the image, started in the container; it has to end with 0. */
  | { readonly kind: 'run'; readonly command: readonly string[] }
  /** A command for `sh -c` on this machine, which has to end with 0. */
  | { readonly kind: 'smoke'; readonly command: string };

/** The ports that the exercises name. */
export function namedPorts(exercises: readonly Exercise[]): readonly number[] {
  return exercises.flatMap((one) =>
    one.kind === 'http' && one.port !== undefined ? [one.port] : [],
  );
}

/** An exercise in a few words: `GET /healthz`. */
export function exerciseWords(exercise: Exercise): string {
  switch (exercise.kind) {
    case 'http':
      return `${exercise.method} ${exercise.path}`;
    case 'run':
      return `run ${exercise.command.join(' ')}`;
    case 'smoke':
      return 'a smoke command';
  }
}
