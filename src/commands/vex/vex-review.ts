import { VEX_JUSTIFICATIONS, type VexClaim } from '../../attestations/openvex.ts';
import { UserError } from '../../model/errors.ts';
import { SEVERITIES, type Severity, severityRank, type Vulnerability } from '../../model/facts.ts';
import { byCodeUnit } from '../../model/order.ts';
import type { ImageContents } from '../../model/report.ts';
import { gradeOpened } from '../../pipeline/grade/grade-opened.ts';
import { resolveSigner } from '../../pipeline/sign/signer.ts';
import { withSigner } from '../../pipeline/sign/trusted-signers.ts';
import { inTemporaryFolder } from '../../pipeline/temporary-folder.ts';
import { cleanForTerminal } from '../../ui/clean.ts';
import { attachTarget } from '../attest/attach-target.ts';
import { withProgress } from '../conversation.ts';
import type { CommandIo } from '../io.ts';
import { namedSigners } from '../shared-flags.ts';
import { stdinLines } from '../stdin-lines.ts';
import type { VexFlags } from './vex-flags.ts';

const INVESTIGATED = VEX_JUSTIFICATIONS.length + 1;

/** Grades an image and asks about each finding that counts. Throws UserError without a terminal. */
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
    const signer = await resolveSigner(context, target.settings.sign);
    const grading = await target.grading();
    if (grading === undefined) throw new UserError('the image cannot be graded before a review');
    return inTemporaryFolder('signer', async (folder) => {
      const trusted = await withSigner(context, grading.trusted, signer, folder);
      const image = await target.open();
      try {
        return openFindings((await gradeOpened(context, image, { ...grading, trusted })).contents);
      } finally {
        await image.close();
      }
    });
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

/** Asks about each finding until the end, `q` or the end of input; answers until then count. */
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

/** A vulnerability that counts, in all packages and platforms that have it. */
interface OpenFinding {
  readonly id: string;
  readonly aliases: readonly string[];
  readonly severity: Severity;
  /** `zlib 1.2, fixed in 1.3`, each once. */
  readonly places: readonly string[];
  /** Package URLs, without qualifiers: they vary by scanner. Packages without one are not here. */
  readonly packages: readonly string[];
  readonly url: string | undefined;
}

export function openFindings(contents: readonly ImageContents[]): readonly OpenFinding[] {
  const byId = new Map<string, Vulnerability[]>();
  for (const { facts } of contents)
    if (facts.vulnerabilities.known)
      for (const found of facts.vulnerabilities.value.vulnerabilities)
        byId.set(found.id, [...(byId.get(found.id) ?? []), found]);
  return [...byId]
    .map(([id, all]) => findingOf(id, all))
    .sort((a, b) => severityRank(a.severity) - severityRank(b.severity) || byCodeUnit(a.id, b.id));
}

function findingOf(id: string, all: readonly Vulnerability[]): OpenFinding {
  const purls = all.map(({ purl }) => purl?.split(/[?#]/, 1)[0]);
  const named = purls.filter((purl) => purl !== undefined);
  const places = all.map(
    ({ package: name, version, fixedIn }) =>
      `${name} ${version}${fixedIn === undefined ? '' : `, fixed in ${fixedIn}`}`,
  );
  return {
    id,
    aliases: [...new Set(all.flatMap(({ aliases = [] }) => aliases))].filter((one) => one !== id),
    severity: SEVERITIES.find((one) => all.some(({ severity }) => severity === one)) ?? 'unknown',
    places: [...new Set(places)],
    packages: named.length < purls.length ? [] : [...new Set(named)],
    url: all.find(({ url }) => url !== undefined)?.url,
  };
}
