import { resolve } from 'node:path';
import { askingSigner } from '../cli/asking-signer.ts';
import { withProgress } from '../cli/conversation.ts';
import { command, namedSigners } from '../cli/flags.ts';
import { type CommandIo, stdinLines } from '../cli/io.ts';
import { wantedPlatform } from '../cli/operands.ts';
import { writeFileBeside } from '../config/project-files.ts';
import { gradeOpened } from '../grade/grade-image.ts';
import { EXIT, UserError } from '../lib/errors.ts';
import { distinct } from '../lib/json.ts';
import { groupBy } from '../lib/parallel.ts';
import { byCodeUnit } from '../lib/text.ts';
import { isOver, LATEST_EPOCH } from '../lib/time.ts';
import type { PipelineContext } from '../model/context.ts';
import { SEVERITIES, type Severity, severityRank } from '../model/facts.ts';
import type { OpenedImage } from '../model/image.ts';
import { parseReference, withDefaultTag } from '../model/reference.ts';
import type { ImageContents } from '../model/report.ts';
import { PREDICATE_TYPE } from '../model/statement.ts';
import { jsonText } from '../report/text.ts';
import { cleanForTerminal } from '../ui/text.ts';
import { type Attached, attachStatements, withImage } from './attach.ts';
import { attachedExit, attachedJson, attachedText, attachTarget } from './attest-command.ts';
import { VEX, type VexFlags } from './flags.ts';
import { resolveSigner } from './signer.ts';
import { withSigner } from './trusted-signers.ts';
import {
  claimFlaw,
  type NamedImage,
  type OpenVexDocument,
  openVexDocument,
  VEX_JUSTIFICATIONS,
  type VexClaim,
  type VexHead,
} from './vex-document.ts';

function vexHead({ author }: VexFlags, { env, now }: CommandIo): VexHead {
  return { author, at: epochOf(env['SOURCE_DATE_EPOCH']) ?? Math.floor(now() / 1000) };
}

function vexClaims(flags: VexFlags): readonly VexClaim[] {
  const { vulnerability, status, justification, reason, until, package: packages } = flags;
  if (vulnerability.length === 0)
    throw new UserError('vex needs --vulnerability, or --review', {
      nextStep: 'scoville vex --vulnerability CVE-2026-1234 --justification CODE IMAGE',
    });
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

/** Scanners compare ids letter by letter: CVE in capitals, GHSA with the rest in small letters. */
function namesOf(given: string): readonly [string, ...string[]] {
  const [name = '', ...aliases] = given
    .split(',')
    .map((id) => id.replace(/^cve-.*/i, (all) => all.toUpperCase()))
    .map((id) => id.replace(/^ghsa-(.*)/i, (_, rest: string) => `GHSA-${rest.toLowerCase()}`));
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

/** Grades an image and asks about each finding that counts. Throws UserError without a terminal. */
async function reviewImage(
  text: string,
  flags: VexFlags,
  io: CommandIo,
): Promise<readonly VexClaim[]> {
  if (!io.inIsTerminal)
    throw new UserError('--review asks in a terminal, and this is not one', {
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
    const trusted = await withSigner(context, grading.trusted, signer);
    return withImage(target.open, async (image) =>
      openFindings((await gradeOpened(context, image, { ...grading, trusted })).contents),
    );
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

const INVESTIGATED = String(VEX_JUSTIFICATIONS.length + 1);

/** Asks about each finding until the end, `q` or the end of input; answers until then count. */
export async function askEach(
  findings: readonly OpenFinding[],
  next: () => Promise<string | undefined>,
  write: (text: string) => void,
): Promise<readonly VexClaim[]> {
  const claims: VexClaim[] = [];
  const choices = VEX_JUSTIFICATIONS.map(
    (code, i) => `  ${i + 1}  not affected: ${code.replaceAll('_', ' ')}\n`,
  );
  if (findings.length > 0)
    write(
      `What does each mean for the image?\n${choices.join('')}  ${INVESTIGATED}  under investigation\n`,
    );
  for (const [i, { id, aliases, severity, places, packages, url }] of findings.entries()) {
    const about = [...places, ...(url === undefined ? [] : [url])].map((line) => `  ${line}`);
    const lines = [`${i + 1} of ${findings.length}: ${id}, ${severity}`, ...about];
    write(`\n${lines.map(cleanForTerminal).join('\n')}\n`);
    const answer = await answerTo(next, write);
    if (answer === 'quit') break;
    if (answer !== 'skip') claims.push({ vulnerability: [id, ...aliases], packages, ...answer });
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
    if (line === INVESTIGATED) return { status: 'under_investigation' };
  }
}

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
  const all = contents.flatMap(({ facts: { vulnerabilities } }) =>
    vulnerabilities.known ? vulnerabilities.value.vulnerabilities : [],
  );
  return [...groupBy(all, ({ id }) => id)]
    .map(([id, same]): OpenFinding => {
      const purls = distinct(same.map(({ purl }) => purl?.split(/[?#]/, 1)[0]));
      return {
        id,
        aliases: distinct(same.flatMap(({ aliases = [] }) => aliases)).filter((one) => one !== id),
        severity:
          SEVERITIES.find((one) => same.some(({ severity }) => severity === one)) ?? 'unknown',
        places: distinct(
          same.map(
            ({ package: name, version, fixedIn }) =>
              `${name} ${version}${fixedIn === undefined ? '' : `, fixed in ${fixedIn}`}`,
          ),
        ),
        packages: purls.includes(undefined) ? [] : purls.filter((purl) => purl !== undefined),
        url: same.find(({ url }) => url !== undefined)?.url,
      };
    })
    .sort((a, b) => severityRank(a.severity) - severityRank(b.severity) || byCodeUnit(a.id, b.id));
}

export const vex = command(VEX, async (flags, [text = ''], io) => {
  const head = vexHead(flags, io);
  if (flags.until !== undefined && isOver(flags.until, io.now()))
    throw new UserError(`--until ${flags.until} is over`, { nextStep: 'name a day to come' });
  const shown = { style: 'auto', interactive: true, json: flags.json } as const;
  const { value: claims, io: answered } = flags.review
    ? await askingSigner(io, shown, (own) => reviewImage(text, flags, own))
    : { value: vexClaims(flags), io };
  if (claims.length === 0) {
    io.writeErr('scoville: nothing is said, so nothing is written\n');
    return EXIT.met;
  }
  const { value: said } = await askingSigner(answered, shown, (own) =>
    withProgress(
      own,
      (context) => writeClaims(context, text, flags, own, head, claims),
      flags.attach ? 'auto' : 'quiet',
    ),
  );
  const { document, attached } = said;
  const written = jsonText(document ?? {});
  if (flags.output !== undefined) await writeFileBeside(resolve(io.cwd, flags.output), written);
  if (attached !== undefined)
    io.writeOut(flags.json ? jsonText(attachedJson(text, attached)) : attachedText(attached));
  else if (flags.output === undefined) io.writeOut(written);
  else
    io.writeOut(flags.json ? jsonText({ image: text, file: flags.output }) : `${flags.output}\n`);
  if (claims.some(({ packages }) => packages.length === 0))
    io.writeErr(
      `scoville: it applies to ${text} alone; with --package PURL@VERSION later tags keep it\n`,
    );
  return attachedExit(attached?.kept);
});

async function writeClaims(
  context: PipelineContext,
  text: string,
  flags: VexFlags,
  io: CommandIo,
  head: VexHead,
  claims: readonly VexClaim[],
): Promise<{ readonly document: OpenVexDocument | undefined; readonly attached?: Attached }> {
  const target = await attachTarget(context, text, { ...flags, signers: namedSigners(flags) }, io);
  const make = (image: OpenedImage): OpenVexDocument =>
    openVexDocument(head, claims, namedImage(target.name, image, flags));
  if (!flags.attach) return { document: await withImage(target.open, make) };
  let document: OpenVexDocument | undefined;
  const attached = await attachStatements(context, target, (image) => {
    const predicate = (document = make(image));
    const predicateType = PREDICATE_TYPE.openvex;
    const { root, platforms } = image;
    const isWhole = wantedPlatform(flags.platform).platform === undefined;
    const subjects = isWhole ? [root] : platforms.map(({ descriptor }) => descriptor);
    return subjects.map((subject) => ({ predicateType, predicate, subject }));
  });
  return { document, attached };
}

/** By which digests and which name statements are to mean it. */
function namedImage(name: string, image: OpenedImage, { platform }: VexFlags): NamedImage {
  const parsed = parseReference(name);
  if (!parsed.ok) throw new UserError(parsed.error);
  const { tag, ...untagged } = withDefaultTag(parsed.value);
  const isWhole = platform === undefined;
  const platforms = image.platforms.map(({ descriptor }) => descriptor);
  const about = isWhole ? [image.root, ...platforms, ...image.absent] : platforms;
  return {
    // A tag means all platforms.
    reference: isWhole && tag !== undefined ? { ...untagged, tag } : untagged,
    digests: about.map(({ digest }) => digest),
  };
}
