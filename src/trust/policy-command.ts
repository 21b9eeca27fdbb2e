import { createPublicKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Registries } from '../build/registries.ts';
import { withProgress } from '../cli/conversation.ts';
import { command } from '../cli/flags.ts';
import type { CommandIo } from '../cli/io.ts';
import { writeFilesTogether } from '../config/project-files.ts';
import { openNamedImage } from '../grade/grade-image.ts';
import { parseImageName } from '../image/open-image.ts';
import { EXIT, UserError } from '../lib/errors.ts';
import { distinct, given, isObject } from '../lib/json.ts';
import { makeFolders } from '../lib/make-folders.ts';
import { groupBy } from '../lib/parallel.ts';
import type { PipelineContext } from '../model/context.ts';
import type { ImageVerification } from '../model/criterion.ts';
import type { OpenedImage } from '../model/image.ts';
import { keyScheme } from '../model/key-scheme.ts';
import {
  formatReference,
  type ImageReference,
  parseReference,
  withDefaultTag,
} from '../model/reference.ts';
import { withPlainHttp } from '../model/settings.ts';
import { PREDICATE_TYPE } from '../model/statement.ts';
import { POLICY_COMMAND, type PolicyFlags } from './flags.ts';
import { isKeyUri, keyName } from './keys.ts';
import { POLICY_FORMATS } from './policies.ts';
import {
  type AdmittedImage,
  isAnchored,
  POLICY_FORMAT_NAMES,
  type PolicyFile,
  type PolicySigner,
  type PredicateCheck,
  type StatementRule,
} from './policy.ts';
import { trustTexts } from './sigstore.ts';
import { isOfType } from './statement-kinds.ts';
import type { Signer, TrustedSigners } from './trusted-signers.ts';
import type { CheckedAttachment } from './verify-attached.ts';
import { policyOf, signersOf, verificationText } from './verify-command.ts';
import { type VerifyDemands, verifyWithEvidence } from './verify-image.ts';

interface Named {
  readonly reference: ImageReference;
  readonly mirrors: readonly string[];
}

/**
 * Verifies the image as `scoville verify` does, and gives what a policy needs to admit it and
 * nothing else; undefined where it does not verify. Throws UserError where it verifies in a way
 * that no policy can ask for.
 */
async function admittedImage(
  context: PipelineContext,
  image: OpenedImage,
  trusted: TrustedSigners,
  demands: VerifyDemands,
  { reference, mirrors }: Named,
): Promise<{ readonly answer: ImageVerification; readonly admitted: AdmittedImage | undefined }> {
  const { answer, verified } = await verifyWithEvidence(context, image, trusted, demands);
  if (answer.outcome !== 'verified') return { answer, admitted: undefined };
  const root = image.root.digest;
  // Engines ask for what is about the digest that a name points to, and not a platform's.
  const whole = verified.filter(({ evidence }) => evidence.subjects.includes(root));
  const own = [...groupBy(whole, ({ verifiedBy }) => verifiedBy)]
    .filter(([name, all]) => name !== undefined && all.some(isSignature))
    .map(([name, all]) => ({ name, all }));
  if (own.length === 0)
    throw new UserError(
      `the index ${root} is not signed itself, only the platforms that it lists; engines verify the index`,
      { nextStep: 'sign the index: cosign sign --recursive, or scoville build --push' },
    );
  const rules = own.map(({ all }) => rulesFor(all, demands)).find((found) => found !== undefined);
  if (rules === undefined)
    throw new UserError(
      `no single signer signed ${root} and, about the same digest, all that is asked for`,
      { nextStep: 'ask for fewer types, or have one key sign both' },
    );
  const vouching = own
    .filter(({ all }) => rules.every((rule) => all.some((one) => fits(one, rule))))
    .map(({ name }) => name);
  const [one, ...others] = distinct(
    await Promise.all(
      trusted.signers
        .filter(({ name }) => vouching.includes(name))
        .map(({ signer }) => policySigner(signer)),
    ),
  );
  if (one === undefined)
    throw new UserError('the signature that verifies is not of cosign’s kind', {
      nextStep: 'name the signer: --key FILE, or --certificate-identity',
    });
  // A form is there where each signer left it.
  const left = (isIt: (one: CheckedAttachment) => boolean): boolean =>
    vouching.every((name) => verified.some((found) => found.verifiedBy === name && isIt(found)));
  const isSigned = (form: 'cosign-tag' | 'cosign-bundle', subject = root): boolean =>
    left(
      ({ evidence: { says, subjects } }) =>
        says.kind === 'signature' && says.form === form && subjects.includes(subject),
    );
  const areStated = (kind: 'cosign-attestation-tag' | 'referrer'): boolean =>
    rules.every((rule) =>
      left((found) => {
        const { attachment, subjects } = found.evidence;
        return attachment.kind === kind && subjects.includes(root) && fits(found, rule);
      }),
    );
  const platforms = [...image.platforms.map(({ descriptor }) => descriptor), ...image.absent];
  const { registry, repository, digest: named, tag } = reference;
  const admitted: AdmittedImage = {
    repository: formatReference({ registry, repository }),
    ...given({ tag }),
    digest: root,
    isPinned: named !== undefined,
    signers: [one, ...others],
    rules,
    forms: {
      signatureTag: isSigned('cosign-tag'),
      signatureTagOfPlatforms: platforms.every(({ digest }) => isSigned('cosign-tag', digest)),
      signatureBundle: isSigned('cosign-bundle'),
      statementTag: areStated('cosign-attestation-tag'),
      statementBundles: areStated('referrer'),
    },
    mirrors,
  };
  return { answer, admitted };
}

function isSignature({ evidence }: CheckedAttachment): boolean {
  return evidence.says.kind === 'signature';
}

/**
 * A signer as policies name it: of a key file the key alone, whatever else is in the file. Throws
 * UserError for a key that only this machine can read, and for a pattern that would take more than
 * whole texts.
 */
async function policySigner(signer: Signer): Promise<PolicySigner> {
  if (signer.kind === 'identity') {
    const { identity, issuer, trustedRoot } = signer;
    for (const named of [identity, issuer]) refuseOpen(named);
    const root = trustedRoot && {
      json: await readFile(trustedRoot, 'utf8'),
      variables: await trustTexts(trustedRoot, undefined),
    };
    return { kind: 'identity', identity, issuer, ...given({ root: root || undefined }) };
  }
  const { publicKey } = signer;
  if (keyScheme(publicKey)?.cluster === true) return { kind: 'kms', uri: publicKey };
  if (isKeyUri(publicKey))
    throw new UserError(`${keyName(publicKey)} is a key that only this machine can read`, {
      nextStep: `cosign public-key --key ${keyName(publicKey)} > cosign.pub, then --key cosign.pub`,
    });
  try {
    const key = createPublicKey(await readFile(publicKey));
    return { kind: 'key', pem: key.export({ type: 'spki', format: 'pem' }).toString() };
  } catch (cause) {
    throw new UserError(`the key ${publicKey} cannot be read`, { cause });
  }
}

function refuseOpen(named: Extract<Signer, { kind: 'identity' }>['identity']): void {
  if ('exact' in named || isAnchored(named.pattern)) return;
  throw new UserError(
    `the pattern ${named.pattern} also takes names that only contain it; a policy would admit them`,
    { nextStep: 'begin it with ^ and end it with $, and put alternatives into (?: )' },
  );
}

const BUILDER: Readonly<Record<string, readonly string[]>> = {
  [PREDICATE_TYPE.slsaProvenanceV1]: ['runDetails', 'builder', 'id'],
  [PREDICATE_TYPE.slsaProvenanceV02]: ['builder', 'id'],
};

/**
 * The rules that one signer's statements about the image meet: of each type asked for the first, of
 * a provenance its builder, of a verdict the level and who judged. Undefined where something is
 * missing.
 */
function rulesFor(
  own: readonly CheckedAttachment[],
  { types, minLevel }: VerifyDemands,
): readonly StatementRule[] | undefined {
  const found = [
    ...types.map((asked) => typeRule(own, asked)),
    ...(minLevel === undefined ? [] : [levelRule(own, minLevel)]),
  ];
  const rules = found.filter((rule) => rule !== undefined);
  return rules.length < found.length
    ? undefined
    : distinct(rules).map((rule, at) => ({ ...rule, name: `${rule.name}${at}` }));
}

function typeRule(own: readonly CheckedAttachment[], asked: string): StatementRule | undefined {
  const type = own.map(signedType).find((found) => found !== undefined && isOfType(found, asked));
  if (type === undefined) return undefined;
  const path = BUILDER[type];
  if (path === undefined)
    return { name: isOfType(type, 'sbom') ? 'sbom' : 'statement', predicateType: type, checks: [] };
  const builder = own
    .filter((one) => signedType(one) === type)
    .map((one) => valueAt(predicateOf(one), path))
    .find((value) => typeof value === 'string');
  return builder === undefined
    ? undefined
    : { name: 'provenance', predicateType: type, checks: [{ path, is: 'equal', text: builder }] };
}

function levelRule(own: readonly CheckedAttachment[], minLevel: number): StatementRule | undefined {
  const level = { path: ['verifiedLevels'], is: 'containing', text: `CHPS_LEVEL_${minLevel}` };
  return own
    .map((one) => valueAt(predicateOf(one), ['verifier', 'id']))
    .filter((verifier) => typeof verifier === 'string')
    .map((verifier): StatementRule => {
      const checks = [
        { path: ['verifier', 'id'], is: 'equal', text: verifier },
        { path: ['verificationResult'], is: 'equal', text: 'PASSED' },
        ...(minLevel === 0 ? [] : [level]),
      ] as readonly PredicateCheck[];
      return { name: 'level', predicateType: PREDICATE_TYPE.slsaVsa, checks };
    })
    .find((rule) => own.some((one) => fits(one, rule)));
}

/** True if the statement has the rule's type and required content, read as the engines read it. */
function fits(one: CheckedAttachment, { predicateType, checks }: StatementRule): boolean {
  return (
    signedType(one) === predicateType &&
    checks.every(({ path, is, text }) => {
      const value = valueAt(predicateOf(one), path);
      return is === 'equal' ? value === text : Array.isArray(value) && value.includes(text);
    })
  );
}

/** As signed: engines compare it letter by letter. */
function signedType({ evidence: { proof } }: CheckedAttachment): string | undefined {
  return proof.kind === 'statement' ? proof.predicateType : undefined;
}

function predicateOf({ evidence: { says } }: CheckedAttachment): unknown {
  return says.kind === 'statement' ? says.predicate : undefined;
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (at, step) => (isObject(at) && Object.hasOwn(at, step) ? at[step] : undefined),
    value,
  );
}

export const policy = command(POLICY_COMMAND, async (flags, [text = ''], io) => {
  const settings = await policyOf(flags, io);
  const reference = await registryName(text, io.cwd);
  const run = async (context: PipelineContext) => {
    const trusted = await signersOf(context, flags, settings);
    const registries = new Registries(context, withPlainHttp(settings.registries, flags.plainHttp));
    const image = await openNamedImage(context, registries, {
      // What a cluster pulls, not what lies in Docker under the same name.
      text: text.replace(/^(?:registry:|docker:\/\/)?/, 'registry:'),
      stdin: io.stdin,
    });
    try {
      const minLevel =
        flags.minLevel ?? (flags.policy === undefined ? undefined : settings.gate.minLevel);
      const demands = { types: flags.type, minLevel };
      return await admittedImage(context, image, trusted, demands, {
        reference,
        mirrors: flags.mirror.map(mirrorName),
      });
    } finally {
      await image.close();
    }
  };
  const { answer, admitted } = await withProgress(io, run, 'auto', false);
  if (admitted === undefined) {
    io.writeErr(verificationText({ ...answer, image: text }));
    return answer.outcome === 'short' ? EXIT.short : EXIT.failed;
  }
  await deliver(filesOf(admitted, flags, io), flags, io);
  return EXIT.met;
});

async function registryName(text: string, cwd: string): Promise<ImageReference> {
  const name = await parseImageName(text, cwd);
  if (name.place !== 'registry' && name.place !== 'named')
    throw new UserError(`${text} is not a name in a registry, and a policy admits images by name`, {
      nextStep: 'push it, then scoville policy REGISTRY/NAME:TAG',
    });
  return withDefaultTag(name.reference);
}

function mirrorName(text: string): string {
  const read = parseReference(text);
  if (!read.ok) throw new UserError(read.error, { nextStep: 'name a mirror as REGISTRY/NAME' });
  const { registry, repository, tag, digest } = read.value;
  if (tag !== undefined || digest !== undefined)
    throw new UserError(`${text} has a tag or digest; --mirror takes a repository`);
  return formatReference({ registry, repository });
}

/** An engine that was named has to get its policy; of all others, those that can. */
function filesOf(image: AdmittedImage, flags: PolicyFlags, io: CommandIo): readonly PolicyFile[] {
  const all = flags.for.length === 0;
  const written = POLICY_FORMAT_NAMES.filter((name) => all || flags.for.includes(name)).map(
    (name) => ({ name, result: POLICY_FORMATS[name](image) }),
  );
  const refused = written.flatMap(({ name, result }) =>
    result.ok ? [] : [`no policy for ${name}: ${result.error}`],
  );
  const [first] = refused;
  if (first !== undefined && (!all || refused.length === written.length))
    throw new UserError(first);
  for (const line of refused) io.writeErr(`scoville: ${line}\n`);
  return written.flatMap(({ result }) => (result.ok ? result.value : []));
}

async function deliver(
  files: readonly PolicyFile[],
  { output }: PolicyFlags,
  io: CommandIo,
): Promise<void> {
  const [first] = files;
  if (output === undefined) {
    if (files.length > 1 || first === undefined)
      throw new UserError(`this makes ${files.length} files`, {
        nextStep: 'add --output DIR, or name one engine of one file: --for kyverno',
      });
    io.writeOut(first.text);
    return;
  }
  const folder = resolve(io.cwd, output);
  await makeFolders(folder);
  await writeFilesTogether(
    folder,
    files.map(({ name, text }) => ({ path: name, text })),
  );
  for (const { name } of files) io.writeOut(`${name}\n`);
}
