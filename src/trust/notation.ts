import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeSmallLayout } from '../image/layout/entries.ts';
import { err, Interrupted, ok, type Result, UserError } from '../lib/errors.ts';
import { field, isObject, listField, parseJson, textField } from '../lib/json.ts';
import type { RunTool, ToolResult } from '../lib/run-tool.ts';
import { cleanText } from '../lib/text.ts';
import type { PipelineContext } from '../model/context.ts';
import type { Descriptor, OpenedImage } from '../model/image.ts';
import { type Digest, parseReference } from '../model/reference.ts';
import type { AttachedEvidence } from './verify-attached.ts';

interface NotationRequest {
  /** An OCI layout with the subject's manifest and the one signature. */
  readonly layoutDir: string;
  readonly subject: Digest;
  /** `registry/repository` as trust policies name it; undefined where the image has none. */
  readonly scope: string | undefined;
  /** Folders where notation looks for its configuration: the first with a trust policy counts. */
  readonly configDirs: readonly string[];
  readonly signal?: AbortSignal;
}

/** `unknown`: notation or a trust policy that enforces anything is missing. */
type NotationAnswer =
  | { readonly outcome: 'verified'; readonly verifiedBy: string }
  | { readonly outcome: 'failed' | 'unknown'; readonly reason: string };

/** Where notation keeps its configuration (notaryproject/specifications, directory structure). */
export function notationConfigDirs(
  env: Readonly<Record<string, string | undefined>>,
  platform: string,
): readonly string[] {
  const home = env['HOME'] ?? '/';
  const xdg = env['XDG_CONFIG_HOME'] ?? '';
  if (xdg !== '') return [join(xdg, 'notation')];
  return platform === 'darwin'
    ? [join(home, 'Library', 'Application Support', 'notation')]
    : [join(home, '.config', 'notation')];
}

/**
 * Has notation verify a signature against the user's own trust policy, which names who may sign.
 * The policy is read here too: under the levels `audit` and `skip` notation ends well whoever
 * signed, which proves nothing. No registry is asked.
 */
export async function verifyNotation(
  run: RunTool,
  request: NotationRequest,
): Promise<NotationAnswer> {
  const policy = await readPolicy(request.configDirs);
  if (policy === undefined)
    return { outcome: 'unknown', reason: 'notation has no trust policy that says who may sign' };
  const { scope } = request;
  if (scope === undefined)
    return { outcome: 'unknown', reason: 'the image has no repository that a trust policy names' };
  const statement = policyFor(policy, scope);
  if (!statement.ok) return { outcome: 'unknown', reason: statement.error };
  const { name, enforces } = statement.value;
  if (!enforces)
    return { outcome: 'unknown', reason: `the trust policy ${name} does not enforce authenticity` };
  const result = await run({
    command: 'notation',
    args: ['verify', '--oci-layout', '--scope', scope, `${request.layoutDir}@${request.subject}`],
    env: { NOTATION_EXPERIMENTAL: '1' },
    timeoutMs: 60_000,
    ...(request.signal === undefined ? {} : { signal: request.signal }),
  });
  return answerOf(result, name);
}

function answerOf(result: ToolResult, policy: string): NotationAnswer {
  switch (result.ended) {
    case 'aborted':
      throw new Interrupted('notation was interrupted');
    case 'not-found':
      return { outcome: 'unknown', reason: 'notation is not installed' };
    case 'signal':
    case 'timeout':
      return { outcome: 'unknown', reason: 'notation did not come to an end' };
    case 'exit':
      return result.exitCode === 0
        ? { outcome: 'verified', verifiedBy: `trust policy ${policy} of notation` }
        : { outcome: failure(result.stderr), reason: said(result.stderr) };
  }
}

/** A signature that is bad or not from a trusted signer, or one that could not be checked. */
function failure(stderr: string): 'failed' | 'unknown' {
  return /verification failed for all the signatures/i.test(stderr) ? 'failed' : 'unknown';
}

function said(stderr: string): string {
  const lines = cleanText(stderr).trim().split('\n');
  return lines.findLast((line) => line.startsWith('Error: '))?.slice('Error: '.length) ?? '';
}

async function readPolicy(dirs: readonly string[]): Promise<string | undefined> {
  for (const dir of dirs)
    for (const name of ['trustpolicy.oci.json', 'trustpolicy.json'])
      try {
        return await readFile(join(dir, name), 'utf8');
      } catch {
        // Not there, or not readable: then notation cannot read it either.
      }
  return undefined;
}

/** The trust policy statement for an image, and whether it requires a genuine signature. */
interface PolicyStatement {
  readonly name: string;
  readonly enforces: boolean;
}

/**
 * Finds the statement for `scope` (`registry/repository`) in notation's OCI trust policy
 * (notaryproject/specifications, trust-store-trust-policy.md): one that names the scope, else the
 * one for `*`. `audit` and `skip` let notation end well whoever signed, and so does an override
 * that does not enforce authenticity.
 */
export function policyFor(document: string, scope: string): Result<PolicyStatement> {
  const policies = listField(parseJson(document), 'trustPolicies');
  const scopesOf = (policy: unknown): readonly unknown[] => listField(policy, 'registryScopes');
  const policy =
    policies.find((candidate) => scopesOf(candidate).includes(scope)) ??
    policies.find((candidate) => scopesOf(candidate).includes('*'));
  if (!isObject(policy)) return err(`the trust policy of notation has no statement for ${scope}`);
  const verification = field(policy, 'signatureVerification');
  const level = textField(verification, 'level');
  const override = field(field(verification, 'override'), 'authenticity');
  return ok({
    name: textField(policy, 'name') ?? 'unnamed',
    enforces:
      (level === 'strict' || level === 'permissive') &&
      (override === undefined || override === 'enforce'),
  });
}

/** The outcome. A policy of the user's names who may sign, so another signer's signature fails. */
interface Checked {
  readonly verification: 'verified' | 'unverified' | 'failed';
  readonly verifiedBy?: string;
  readonly reason?: string;
  readonly isUnchecked?: boolean;
}

/**
 * Verifies one notation signature by the user's trust policy: subject, signature and nothing else
 * in a layout of its own, so that the answer is about this signature.
 */
export async function verifyNotationSignature(
  context: PipelineContext,
  image: OpenedImage,
  { attachment, blob }: AttachedEvidence,
  place: { readonly subject: Descriptor; readonly folder: string },
): Promise<Checked> {
  try {
    const { subject, folder } = place;
    await writeSmallLayout(
      folder,
      (one) => image.readBlob(one),
      [subject, attachment.descriptor],
      [attachment.manifest.config, blob],
    );
    const answer = await verifyNotation(context.run, {
      layoutDir: folder,
      subject: subject.digest,
      scope: scopeOf(image.name),
      configDirs: notationConfigDirs(context.env, process.platform),
      signal: context.signal,
    });
    if (answer.outcome === 'verified')
      return { verification: 'verified', verifiedBy: answer.verifiedBy };
    return answer.outcome === 'failed'
      ? { verification: 'failed', reason: answer.reason }
      : { verification: 'unverified', reason: answer.reason, isUnchecked: true };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { verification: 'unverified', reason: error.message };
  }
}

/** Trust policies name repositories; an image by a file's name has none. */
function scopeOf(name: string): string | undefined {
  const reference = parseReference(name.replace(/^(?:registry|store|docker):(?:\/\/)?/, ''));
  return reference.ok ? `${reference.value.registry}/${reference.value.repository}` : undefined;
}
