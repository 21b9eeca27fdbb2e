/** What each RUN of a build is given so that it has the same inputs another time. */
export interface SteadyInputs {
  /** Seconds since 1970. */
  readonly start: number;
  /** `frozen`: it is that time throughout; `running`: in each program the clock begins there. */
  readonly clock: 'frozen' | 'running';
  readonly oneProcessor: boolean;
  /** Where random numbers begin; undefined where they are random. */
  readonly seed: number | undefined;
}
