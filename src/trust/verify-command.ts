import { Registries } from '../build/registries.ts';
import { withProgress } from '../cli/conversation.ts';
import type { FlagValues } from '../cli/flag-table.ts';
import { command, namedSigners, type SIGNER_FLAGS } from '../cli/flags.ts';
import { type CommandIo, writeProse } from '../cli/io.ts';
import { imageSettings, wantedPlatform } from '../cli/operands.ts';
import { openNamedImage } from '../grade/grade-image.ts';
import { parseImageName } from '../image/open-image.ts';
import { EXIT, ToolError, UserError } from '../lib/errors.ts';
import { given } from '../lib/json.ts';
import { groupBy } from '../lib/parallel.ts';
import { quantity } from '../lib/text.ts';
import type { PipelineContext } from '../model/context.ts';
import {
  type ImageVerification,
  LEVEL_NAMES,
  type UnopenedImage,
  type VerifiedItem,
} from '../model/criterion.ts';
import { type Settings, withPlainHttp } from '../model/settings.ts';
import { loggedText } from '../model/signature-origin.ts';
import { jsonText, shortened } from '../report/text.ts';
import { cleanForTerminal } from '../ui/text.ts';
import { VERIFY, type VerifyFlags } from './flags.ts';
import { trustedSigners, type TrustedSigners } from './trusted-signers.ts';
import { checkBlobs, verifyImage } from './verify-image.ts';

export function verificationJson(answers: readonly (ImageVerification | UnopenedImage)[]): string {
  return jsonText({ schemaVersion: '1', images: answers });
}

export function verificationText(answer: ImageVerification): string {
  const { signatures, attestations, reasons } = answer;
  const told = new Set<string>();
  const lines = [
    answer.image,
    `  ${answer.digest}`,
    ...itemLines('signature', signatures, told),
    ...itemLines('attestation', attestations, told),
    ...(signatures.length + attestations.length === 0
      ? ['  No signatures or attestations found']
      : []),
    ...verdictLines(answer),
    summaryLine(answer),
    ...reasons.map((reason) => `  ${reason}`),
  ];
  // Types, reasons and names are the words of others.
  return `${lines.map(cleanForTerminal).join('\n')}\n`;
}

const OUTCOME = {
  verified: 'verified',
  short: 'not verified',
  unjudged: 'could not verify',
} as const;

/** A reason has to name who did sign, and whom else it was asked of. */
const LONGEST_REASON = 1000;

/**
 * One line for all of a type of which the same is said: an image's parts have one each. A reason is
 * `told` once, in the first of the lines.
 */
function itemLines(
  kind: string,
  items: readonly VerifiedItem[],
  told: Set<string>,
): readonly string[] {
  const alike = groupBy(items, ({ type, verification, verifiedBy, reason }) =>
    JSON.stringify([type, verification, verifiedBy, reason]),
  );
  return [...alike.values()].flatMap((all) => {
    const [item] = all;
    if (item === undefined) return [];
    const { type, verification, verifiedBy, reason = '' } = item;
    const why = shortened(verifiedBy ?? reason, LONGEST_REASON);
    const isTold = verifiedBy === undefined && told.has(why);
    if (why !== '') told.add(why);
    const said = isTold ? ', for the same reason' : why === '' ? '' : `: ${why}`;
    const [first = '', ...others] = new Set(all.map(({ digest }) => digest.slice(0, 19)));
    const more = others.length === 0 ? '' : ` and ${others.length} more`;
    return `  ${kind.padEnd(12)}${type.slice(0, 200)} ${verification}${said} (${first}${more})`;
  });
}

function verdictLines({ level, gradedAt, tests, reproduction }: ImageVerification): string[] {
  const lines: string[] = [];
  if (level !== undefined)
    lines.push(
      `level ${level} (${LEVEL_NAMES[level] ?? ''}), stated on ${gradedAt || 'an unknown day'}`,
    );
  if (tests !== undefined)
    lines.push(
      `criteria: ${tests.passed} passed, ${tests.warned} not judged, ${tests.failed} failed`,
    );
  if (reproduction !== undefined)
    lines.push(
      reproduction.reproducible
        ? 'reproducible: a second build gave the same digest'
        : `not reproducible: a second build differs in ${quantity(reproduction.differences, 'place')}`,
    );
  return lines.map((line) => `  ${line}`);
}

const METHOD = { key: 'a key', certificate: 'a certificate', notation: 'notation' } as const;

function summaryLine({ outcome, signedBy, signedWith, level, missing }: ImageVerification): string {
  const logged = signedWith === undefined ? '' : loggedText(signedWith);
  // A signature that verifies is not all that can be asked for.
  const link = outcome === 'verified' ? ' against' : ', though signed by';
  const parts = [
    `${OUTCOME[outcome]}${signedBy === undefined ? '' : `${link} ${signedBy}`}`,
    ...(signedWith === undefined
      ? []
      : [`signed with ${METHOD[signedWith.kind]}, ${logged === '' ? 'not logged' : logged}`]),
    ...(level === undefined ? ['no level'] : [`level ${level}`]),
    ...(missing.length === 0 ? [] : [`missing: ${missing.join(', ')}`]),
  ];
  return parts.join('; ');
}

/**
 * A name with a registry's host means what lies there, since that is what a deploy pulls: a copy in
 * Docker may be an older or another one. All else is looked for as elsewhere in this program.
 */
export async function whereDeployed(text: string, cwd: string): Promise<string> {
  const name = await parseImageName(text, cwd);
  const hasHost = name.place === 'named' && text.startsWith(`${name.reference.registry}/`);
  return hasHost ? `registry:${text}` : text;
}

export const verify = command(VERIFY, async (flags, images, io) => {
  const settings = await policyOf(flags, io);
  const answers = await verifyAll(flags, images, settings, io);
  if (flags.json) io.writeOut(verificationJson(answers));
  else {
    const opened = answers.filter((answer) => 'digest' in answer);
    writeProse(io, opened.map(verificationText).join('\n'));
  }
  return exitCode(answers);
});

/** An image that could not be judged weighs more than one that is short: nothing is known of it. */
function exitCode(answers: readonly (ImageVerification | UnopenedImage)[]): number {
  if (answers.some(({ outcome }) => outcome === 'unjudged')) return EXIT.failed;
  return answers.every(({ outcome }) => outcome === 'verified') ? EXIT.met : EXIT.short;
}

type SignerWords = FlagValues<typeof SIGNER_FLAGS> & Pick<VerifyFlags, 'policy'>;

/** The settings that count; those of `--policy` have to name a signer, unless a flag does. */
export async function policyOf(flags: SignerWords, io: CommandIo): Promise<Settings> {
  const value = await imageSettings(flags.policy, io);
  const { keys, identities } = value.trust;
  const { key, certificateIdentity: exact, certificateIdentityRegexp: pattern } = flags;
  const isNamed =
    keys.length + identities.length + key.length > 0 || (exact ?? pattern) !== undefined;
  if (flags.policy !== undefined && !isNamed)
    throw new UserError(`${flags.policy} names nobody who must have signed, and no flag does`, {
      nextStep: 'name them under trust.keys or trust.identities, or with --key',
    });
  return value;
}

async function verifyAll(
  flags: VerifyFlags,
  images: readonly string[],
  settings: Settings,
  io: CommandIo,
): Promise<readonly (ImageVerification | UnopenedImage)[]> {
  const run = async (context: PipelineContext) => {
    const trusted = await signersOf(context, flags, settings);
    const registries = new Registries(context, withPlainHttp(settings.registries, flags.plainHttp));
    const demands = {
      types: flags.type,
      minLevel: flags.minLevel ?? (flags.policy === undefined ? undefined : settings.gate.minLevel),
    };
    const answers: (ImageVerification | UnopenedImage)[] = [];
    for (const text of images)
      try {
        const image = await openNamedImage(context, registries, {
          text: await whereDeployed(text, io.cwd),
          stdin: io.stdin,
          ...wantedPlatform(flags.platform),
        });
        try {
          await checkBlobs(image, context.signal);
          const answer = await verifyImage(context, image, trusted, demands);
          answers.push({ ...answer, image: text });
        } finally {
          await image.close();
        }
      } catch (error) {
        if (images.length === 1 && !flags.json) throw error;
        if (!(error instanceof UserError || error instanceof ToolError)) throw error;
        // The others' answers are worth having; this one's says why there is none.
        const none = { missing: [], signatures: [], attestations: [] } as const;
        answers.push({ image: text, outcome: 'unjudged', reasons: [error.message], ...none });
        const { message, nextStep } = error;
        context.emit({ kind: 'warning', text: `${text}: ${message}`, ...given({ nextStep }) });
      }
    return answers;
  };
  return withProgress(io, run, 'auto', false);
}

/** Where nobody is named, the keys at hand are shown, for the answer rests on them. */
export async function signersOf(
  context: PipelineContext,
  flags: SignerWords,
  settings: Settings,
): Promise<TrustedSigners> {
  const trusted = await trustedSigners(context, settings, namedSigners(flags));
  if (!trusted.named)
    context.emit({
      kind: 'notice',
      text:
        trusted.signers.length === 0
          ? 'no key of your own, and none is named: --key FILE, or --certificate-identity and --certificate-oidc-issuer'
          : `verifying against ${trusted.signers.map(({ name }) => name).join(', ')}; --key or --certificate-identity name another signer`,
    });
  return trusted;
}
