import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeSmallLayout } from '../image/layout/entries.ts';
import { inTemporaryFolder } from '../image/temporary-folder.ts';
import { Interrupted, UserError } from '../lib/errors.ts';
import { field, isObject, listField, parseJson, textField } from '../lib/json.ts';
import type { RunTool } from '../lib/run-tool.ts';
import { cleanText } from '../lib/text.ts';
import type { PipelineContext } from '../model/context.ts';
import type { Attachment, Descriptor, OpenedImage } from '../model/image.ts';
import { type Digest, parseReference } from '../model/reference.ts';
import type { SignatureOrigin } from '../model/signature-origin.ts';

interface NotationRequest {
  /** An OCI layout with the subject's manifest and the one signature. */
  readonly layoutDir: string;
  readonly subject: Digest;
  /** `registry/repository` as trust policies name it; undefined where the image has none. */
  readonly scope: string | undefined;
  /** Notation's configuration (notaryproject/specifications, directory structure). */
  readonly configDir: string;
  readonly signal?: AbortSignal;
}

/** What is known of one signature. */
export interface Check {
  readonly verification: 'verified' | 'unverified' | 'failed';
  readonly verifiedBy?: string;
  readonly reason?: string;
  /** It could not be checked, though there was a signer to check against; it may verify later. */
  readonly isUnchecked?: boolean;
  /** Who signed by a certificate, where that is logged, and when; of what is verified. */
  readonly origin?: SignatureOrigin;
}

export function unchecked(reason: string): Check {
  return { verification: 'unverified', reason, isUnchecked: true };
}

/**
 * Has notation verify a signature against the user's own trust policy, which names the signers. The
 * policy is read here too: under the levels `audit` and `skip` notation ends well whatever the
 * signer, which proves nothing. No registry is asked.
 */
export async function verifyNotation(
  run: RunTool,
  { layoutDir, subject, scope, configDir, signal }: NotationRequest,
): Promise<Check> {
  const read = (name: string): Promise<string> => readFile(join(configDir, name), 'utf8');
  const document = await read('trustpolicy.oci.json')
    .catch(() => read('trustpolicy.json'))
    .catch(() => undefined);
  if (document === undefined)
    return unchecked('notation has no trust policy that says who may sign');
  if (scope === undefined)
    return unchecked('the image has no repository that a trust policy names');
  const policy = policyFor(document, scope);
  if (policy === undefined)
    return unchecked(`the trust policy of notation has no statement for ${scope}`);
  if (!policy.enforces)
    return unchecked(`the trust policy ${policy.name} does not enforce authenticity`);
  const result = await run({
    command: 'notation',
    args: ['verify', '--oci-layout', '--scope', scope, `${layoutDir}@${subject}`],
    env: { NOTATION_EXPERIMENTAL: '1' },
    timeoutMs: 60_000,
    ...(signal === undefined ? {} : { signal }),
  });
  switch (result.ended) {
    case 'aborted':
      throw new Interrupted('notation was interrupted');
    case 'not-found':
      return unchecked('notation is not installed');
    case 'signal':
    case 'timeout':
      return unchecked('notation did not come to an end');
    case 'exit':
  }
  if (result.exitCode === 0)
    return { verification: 'verified', verifiedBy: `trust policy ${policy.name} of notation` };
  const lines = cleanText(result.stderr).trim().split('\n');
  const said = lines.findLast((line) => line.startsWith('Error: '))?.slice('Error: '.length) ?? '';
  return /verification failed for all the signatures/i.test(result.stderr)
    ? { verification: 'failed', reason: said }
    : unchecked(said);
}

/**
 * Finds the statement for `scope` (`registry/repository`) in notation's OCI trust policy
 * (notaryproject/specifications, trust-store-trust-policy.md): one that names the scope, else the
 * one for `*`. `audit`, `skip` and an override that does not enforce authenticity prove nothing.
 */
function policyFor(document: string, scope: string) {
  const policies = listField(parseJson(document), 'trustPolicies');
  const naming = (name: string): unknown =>
    policies.find((candidate) => listField(candidate, 'registryScopes').includes(name));
  const policy = naming(scope) ?? naming('*');
  if (!isObject(policy)) return undefined;
  const verification = field(policy, 'signatureVerification');
  const level = textField(verification, 'level') ?? '';
  const override = field(field(verification, 'override'), 'authenticity') ?? 'enforce';
  return {
    name: textField(policy, 'name') ?? 'unnamed',
    enforces: ['strict', 'permissive'].includes(level) && override === 'enforce',
  };
}

/**
 * Verifies one notation signature by the user's trust policy: subject, signature and nothing else
 * in a layout of its own, so that the answer is about this signature.
 */
export async function verifyNotationSignature(
  { run, env, signal }: PipelineContext,
  image: OpenedImage,
  { attachment, blob }: { readonly attachment: Attachment; readonly blob: Descriptor },
  subject: Descriptor,
): Promise<Check> {
  const home = env['HOME'] ?? '/';
  const standard =
    process.platform === 'darwin'
      ? join(home, 'Library', 'Application Support')
      : join(home, '.config');
  const reference = parseReference(image.name.replace(/^(?:registry|store|docker):(?:\/\/)?/, ''));
  return inTemporaryFolder('notation', async (layoutDir) => {
    const blobs = [attachment.manifest.config, blob];
    const manifests = [subject, attachment.descriptor];
    await writeSmallLayout(layoutDir, (one) => image.readBlob(one), manifests, blobs);
    return verifyNotation(run, {
      layoutDir,
      subject: subject.digest,
      // An image by a file's name has none.
      scope: reference.ok ? `${reference.value.registry}/${reference.value.repository}` : undefined,
      configDir: join(env['XDG_CONFIG_HOME'] || standard, 'notation'),
      signal,
    });
  }).catch((error: unknown) => {
    if (!(error instanceof UserError)) throw error;
    return { verification: 'unverified', reason: error.message };
  });
}
