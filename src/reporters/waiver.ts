import type { Scorecard } from '../model/scorecard.ts';

/** Why a finding is waived; undefined if not, or if its last day was before the verdict's day. */
export function waiverReason(
  criterion: string,
  { waivers, gradedAt }: Scorecard,
): string | undefined {
  const day = gradedAt.slice(0, 10);
  return waivers.find((one) => one.criterion === criterion && (one.expires ?? day) >= day)?.reason;
}
