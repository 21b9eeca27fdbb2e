import { claimFlaw, VEX_JUSTIFICATIONS, type VexClaim } from '../../attestations/openvex.ts';
import { LATEST_EPOCH } from '../../model/epoch.ts';
import { UserError } from '../../model/errors.ts';
import { endOfDay, isOver } from '../../model/last-day.ts';
import { readPurl } from '../../model/purl.ts';
import type { CommandIo } from '../io.ts';
import type { VexFlags } from './vex-flags.ts';

const ID = /^[A-Za-z][\w.:-]{2,127}$/;

/** What the flags say, at SOURCE_DATE_EPOCH, else now. Throws UserError where that is not a whole statement of OpenVEX. */
export function vexClaim(flags: VexFlags, { env, now }: CommandIo): VexClaim {
  const { vulnerability, status, justification, reason, until, author } = flags;
  if (vulnerability.length === 0)
    throw new UserError('vex needs --vulnerability', {
      nextStep: 'scoville vex --vulnerability CVE-2026-1234 --justification CODE IMAGE',
    });
  const wrong = vulnerability.find((given) => !given.split(',').every((id) => ID.test(id)));
  if (wrong !== undefined)
    throw new UserError(
      `--vulnerability takes an id such as CVE-2026-1234, not ${JSON.stringify(wrong)}`,
    );
  const vulnerabilities = vulnerability.map(namesOf);
  const names = vulnerabilities.map(([name]) => name);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) throw new UserError(`--vulnerability ${twice} is given twice`);
  const at = epochOf(env['SOURCE_DATE_EPOCH']) ?? Math.floor(now() / 1000);
  const claim: VexClaim = {
    vulnerabilities,
    status,
    justification,
    reason,
    until,
    author,
    at,
  };
  const flaw = claimFlaw(claim);
  if (flaw !== undefined)
    throw new UserError(flaw, {
      nextStep:
        status === 'not_affected'
          ? `pass --justification with one of ${VEX_JUSTIFICATIONS.join(', ')}`
          : 'scoville vex --help',
    });
  if (until !== undefined && endOfDay(until) === undefined)
    throw new UserError(`--until takes a day, YYYY-MM-DD, not ${JSON.stringify(until)}`);
  if (until !== undefined && isOver(until, now()))
    throw new UserError(`--until ${until} is over`, { nextStep: 'name a day to come' });
  const part = flags.package.find((purl) => readPurl(purl) === undefined);
  if (part !== undefined)
    throw new UserError(
      `--package takes a package URL such as pkg:npm/left-pad@1.3.0, not ${JSON.stringify(part)}`,
    );
  return claim;
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
