import {
  claimFlaw,
  VEX_JUSTIFICATIONS,
  type VexClaim,
  type VexHead,
} from '../../attestations/openvex.ts';
import { LATEST_EPOCH } from '../../model/epoch.ts';
import { UserError } from '../../model/errors.ts';
import { endOfDay, isOver } from '../../model/last-day.ts';
import { readPurl } from '../../model/purl.ts';
import type { CommandIo } from '../io.ts';
import type { VexFlags } from './vex-flags.ts';

const ID = /^[A-Za-z][\w.:-]{2,127}$/;

/** Who says it, and when: SOURCE_DATE_EPOCH, else now. Throws UserError if that is not a time. */
export function vexHead({ author }: VexFlags, { env, now }: CommandIo): VexHead {
  return { author, at: epochOf(env['SOURCE_DATE_EPOCH']) ?? Math.floor(now() / 1000) };
}

/** What the flags say of each vulnerability. Throws UserError if not a whole OpenVEX statement. */
export function vexClaims(flags: VexFlags): readonly VexClaim[] {
  const { vulnerability, status, justification, reason, until, package: packages } = flags;
  if (vulnerability.length === 0)
    throw new UserError('vex needs --vulnerability, or --review', {
      nextStep: 'scoville vex --vulnerability CVE-2026-1234 --justification CODE IMAGE',
    });
  const wrong = vulnerability.find((given) => !given.split(',').every((id) => ID.test(id)));
  if (wrong !== undefined)
    throw new UserError(
      `--vulnerability takes an id such as CVE-2026-1234, not ${JSON.stringify(wrong)}`,
    );
  const part = packages.find((purl) => readPurl(purl) === undefined);
  if (part !== undefined)
    throw new UserError(
      `--package takes a package URL such as pkg:npm/left-pad@1.3.0, not ${JSON.stringify(part)}`,
    );
  const claims = vulnerability.map((given): VexClaim => {
    const named = namesOf(given);
    return { vulnerability: named, packages, status, justification, reason, until };
  });
  const names = claims.map((claim) => claim.vulnerability[0]);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) throw new UserError(`--vulnerability ${twice} is given twice`);
  const flaw = claims.map(claimFlaw).find((found) => found !== undefined);
  if (flaw !== undefined)
    throw new UserError(flaw, {
      nextStep:
        status === 'not_affected'
          ? `pass --justification with one of ${VEX_JUSTIFICATIONS.join(', ')}`
          : 'scoville vex --help',
    });
  return claims;
}

/** Throws UserError where `--until` is not a day, or is over. */
export function checkUntil(until: string | undefined, now: number): void {
  if (until === undefined) return;
  if (endOfDay(until) === undefined)
    throw new UserError(`--until takes a day, YYYY-MM-DD, not ${JSON.stringify(until)}`);
  if (isOver(until, now))
    throw new UserError(`--until ${until} is over`, { nextStep: 'name a day to come' });
}

/** Scanners compare ids letter by letter: CVE in capitals, GHSA with the rest in small letters. */
function namesOf(given: string): readonly [string, ...string[]] {
  const [name = '', ...aliases] = given
    .split(',')
    .map((id) => (/^ghsa-/i.test(id) ? `GHSA-${id.slice(5).toLowerCase()}` : id))
    .map((id) => (/^cve-/i.test(id) ? id.toUpperCase() : id));
  return [name, ...aliases];
}

function epochOf(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  if (!/^\d{1,12}$/.test(text) || Number(text) > LATEST_EPOCH)
    throw new UserError(
      `invalid SOURCE_DATE_EPOCH: ${JSON.stringify(text)} is not a number of seconds up to the year 9999`,
    );
  return Number(text);
}
