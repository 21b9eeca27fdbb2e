/** How it is found out whether the program in an image works. */
export interface SmokeRequest {
  /**
   * A user's command for `sh -c` on this machine. Without one the image's HEALTHCHECK decides, else
   * that the container stays up.
   */
  readonly command: string | undefined;
  /** The container port that the command talks to; default: the lowest that the image exposes. */
  readonly port: number | undefined;
  /** `NAME=VALUE` or `NAME`, for the container. */
  readonly env: readonly string[];
  /** Time that the program has until it answers, in milliseconds. */
  readonly timeoutMs: number;
}

/** By what it was judged, the weakest last: the container runs on for a while, or ends with 0. */
type SmokeJudge = 'smoke command' | 'HEALTHCHECK' | 'staying up' | 'ending well';

/**
 * What the container may do. `none`: no capabilities. `default`: those that the engine gives, for
 * programs that do not start without.
 */
export const RIGHTS = ['none', 'default'] as const;
export type Rights = (typeof RIGHTS)[number];

/** What came of it. */
export type SmokeResult =
  | { readonly answers: true; readonly judge: SmokeJudge; readonly rights: Rights }
  | {
      readonly answers: false;
      readonly judge: SmokeJudge;
      readonly reason: string;
      /** The end of what the container and the command printed. */
      readonly log: string;
    };
