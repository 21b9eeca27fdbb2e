import { VEX_JUSTIFICATIONS, type VexClaim } from '../../attestations/openvex.ts';
import { UserError } from '../../model/errors.ts';
import { gradeOpened } from '../../pipeline/grade/grade-opened.ts';
import { resolveSigner } from '../../pipeline/sign/signer.ts';
import { cleanForTerminal } from '../../ui/clean.ts';
import { attachTarget } from '../attest/attach-target.ts';
import { withProgress } from '../conversation.ts';
import type { CommandIo } from '../io.ts';
import { namedSigners } from '../shared-flags.ts';
import { stdinLines } from '../stdin-lines.ts';
import { type OpenFinding, openFindings } from './open-findings.ts';
import type { VexFlags } from './vex-flags.ts';

const INVESTIGATED = VEX_JUSTIFICATIONS.length + 1;

/** Grades an image and asks in the terminal what each finding that counts means. Throws UserError where nobody can answer. */
export async function reviewImage(
  text: string,
  flags: VexFlags,
  io: CommandIo,
): Promise<readonly VexClaim[]> {
  if (!io.inIsTerminal)
    throw new UserError('--review asks in a terminal, and this is none', {
      nextStep: 'name what is said: scoville vex --vulnerability ID --justification CODE IMAGE',
    });
  const { vulnerability, package: packages, justification } = flags;
  if (vulnerability.length + packages.length > 0 || justification !== undefined)
    throw new UserError('--vulnerability, --package and --justification do not go with --review');
  const findings = await withProgress(io, async (context) => {
    const named = { ...flags, signers: namedSigners(flags) };
    const target = await attachTarget(context, text, named, io);
    const grading = await target.grading(await resolveSigner(context, target.settings.sign));
    if (grading === undefined) throw new UserError('the image cannot be graded before a review');
    const image = await target.open();
    try {
      return openFindings((await gradeOpened(context, image, grading)).contents);
    } finally {
      await image.close();
    }
  });
  if (findings.length === 0) io.writeErr('scoville: no vulnerability counts against it\n');
  const claims = await askEach(findings, stdinLines(io), (line) => {
    io.writeErr(line);
  });
  const { reason, until } = flags;
  return claims.map((claim) =>
    claim.status === 'not_affected' ? { ...claim, reason, until } : claim,
  );
}

/** Asks of each finding, until the end or `q`; what was said by then counts. The end of the input is `q`. */
export async function askEach(
  findings: readonly OpenFinding[],
  next: () => Promise<string | undefined>,
  write: (text: string) => void,
): Promise<readonly VexClaim[]> {
  const claims: VexClaim[] = [];
  if (findings.length > 0) write(choices());
  for (const [i, finding] of findings.entries()) {
    write(`\n${shown(finding, `${i + 1} of ${findings.length}`)}`);
    const answer = await answerTo(next, write);
    if (answer === 'quit') break;
    if (answer === 'skip') continue;
    const { id, aliases, packages } = finding;
    claims.push({ vulnerability: [id, ...aliases], packages, ...answer });
  }
  return claims;
}

async function answerTo(
  next: () => Promise<string | undefined>,
  write: (text: string) => void,
): Promise<Pick<VexClaim, 'status' | 'justification'> | 'skip' | 'quit'> {
  for (;;) {
    write(`[1-${INVESTIGATED}] [s]kip [q]uit: `);
    const line = await next();
    if (line === undefined) write('\n');
    if (line === undefined || /^q(?:uit)?$/i.test(line)) return 'quit';
    if (/^s(?:kip)?$/i.test(line)) return 'skip';
    const justification = /^\d$/.test(line) ? VEX_JUSTIFICATIONS[Number(line) - 1] : undefined;
    if (justification !== undefined) return { status: 'not_affected', justification };
    if (line === String(INVESTIGATED)) return { status: 'under_investigation' };
  }
}

function choices(): string {
  const rows = VEX_JUSTIFICATIONS.map((one, i) => `  ${i + 1}  not affected: ${words(one)}`);
  return [
    'What does each mean for the image?',
    ...rows,
    `  ${INVESTIGATED}  under investigation`,
    '',
  ].join('\n');
}

function words(code: string): string {
  return code.replaceAll('_', ' ');
}

function shown({ id, severity, places, url }: OpenFinding, position: string): string {
  const lines = [`${position}: ${id}, ${severity}`, ...places.map((place) => `  ${place}`)];
  if (url !== undefined) lines.push(`  ${url}`);
  return `${lines.map(cleanForTerminal).join('\n')}\n`;
}
