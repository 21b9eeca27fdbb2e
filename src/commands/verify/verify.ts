import { EXIT, ToolError, UserError } from '../../model/errors.ts';
import { type Settings, withPlainHttp } from '../../model/settings.ts';
import type { ImageVerification, UnopenedImage } from '../../model/verification.ts';
import type { PipelineContext } from '../../pipeline/context.ts';
import { openNamedImage } from '../../pipeline/grade/open-named-image.ts';
import { Registries } from '../../pipeline/registries.ts';
import { trustedSigners, type TrustedSigners } from '../../pipeline/sign/trusted-signers.ts';
import { checkBlobs } from '../../pipeline/verify/check-blobs.ts';
import { verifyImage } from '../../pipeline/verify/verify-image.ts';
import type { FlagValues } from '../../plans/flags/flag.ts';
import { withProgress } from '../conversation.ts';
import { command } from '../flags.ts';
import type { CommandIo } from '../io.ts';
import { imageSettings } from '../project-settings.ts';
import { writeProse } from '../prose.ts';
import { namedSigners, type SIGNER_FLAGS } from '../shared-flags.ts';
import { wantedPlatform } from '../wanted-platform.ts';
import { VERIFY, type VerifyFlags } from './verify-flags.ts';
import { verificationJson, verificationText } from './verify-report.ts';
import { whereDeployed } from './where-deployed.ts';

/** `scoville verify`. */
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
  const isNamed = keys.length + identities.length > 0 || namesSigner(flags);
  if (flags.policy !== undefined && !isNamed)
    throw new UserError(`${flags.policy} names nobody who must have signed, and no flag does`, {
      nextStep: 'name them under trust.keys or trust.identities, or with --key',
    });
  return value;
}

function namesSigner({
  key,
  certificateIdentity,
  certificateIdentityRegexp,
}: SignerWords): boolean {
  return (
    key.length > 0 || certificateIdentity !== undefined || certificateIdentityRegexp !== undefined
  );
}

function isExpected(error: unknown): error is UserError | ToolError {
  return error instanceof UserError || error instanceof ToolError;
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
        if ((images.length === 1 && !flags.json) || !isExpected(error)) throw error;
        // The others' answers are worth having; this one's says why there is none.
        const none = { missing: [], signatures: [], attestations: [] } as const;
        answers.push({ image: text, outcome: 'unjudged', reasons: [error.message], ...none });
        const { nextStep } = error;
        context.emit({
          kind: 'warning',
          text: `${text}: ${error.message}`,
          ...(nextStep === undefined ? {} : { nextStep }),
        });
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
