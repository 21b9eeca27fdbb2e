import type { Scorecard } from '../model/scorecard.ts';

/** Why a criterion's finding is accepted; undefined where it is not, or no longer. A waiver holds to the end of its last day, by the time of the verdict. */
export function waiverReason(
  criterion: string,
  { waivers, gradedAt }: Scorecard,
): string | undefined {
  const day = gradedAt.slice(0, 10);
  return waivers.find((one) => one.criterion === criterion && (one.expires ?? day) >= day)?.reason;
}
