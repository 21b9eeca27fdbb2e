import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../model/errors.ts';
import type { Settings } from '../../model/settings.ts';
import { makeFolder } from '../../oci/blobs/disk.ts';
import type { TokenClaims } from '../../tools/oidc/token-claims.ts';
import type { PipelineContext } from '../context.ts';
import { writeFileBeside } from '../write-file-beside.ts';

export interface Disclosure {
  /** For the file that keeps answers. */
  readonly id: string;
  /** `the private repository octo/shop`. */
  readonly text: string;
}

/** A person logs in: their address is not known before. */
export function loginDisclosure(issuer: string): Disclosure {
  return { id: `login ${issuer}`, text: 'the email address that you log in with' };
}

/** What the holder of a token would make public; undefined where anyone can see it already. */
export function disclosureOf(claims: TokenClaims): Disclosure | undefined {
  const { issuer, subject, email, repository, visibility } = claims;
  if (email !== undefined) return { id: `${issuer} ${email}`, text: `the email address ${email}` };
  if (repository === undefined) return { id: `${issuer} ${subject}`, text: `the name ${subject}` };
  if (visibility === 'public') return undefined;
  const kind = visibility === undefined ? 'repository' : `${visibility} repository`;
  return { id: `${issuer} ${repository}`, text: `the ${kind} ${repository}` };
}

/** Nobody agreed yet; a terminal can ask. */
export class ConsentNeeded extends UserError {
  readonly disclosure: Disclosure;
  /** The question, without its mark. */
  readonly question: string;

  constructor(disclosure: Disclosure, hosts: readonly string[]) {
    const what = `${disclosure.text} to public logs (${hosts.join(', ')})`;
    super(`keyless signing writes ${what} forever, and nobody agreed to that`, {
      nextStep:
        'agree with --public-log (setting sign.publicLog), or sign with a key (--key FILE), or not at all (--no-sign)',
    });
    this.disclosure = disclosure;
    this.question = `Keyless signing writes ${what}. Anyone can read it there, and nobody can remove it. Do you agree?`;
  }
}

/** Throws ConsentNeeded before publishing what nobody agreed to; a token alone is not consent. */
export async function requireConsent(
  where: Pick<PipelineContext, 'paths'>,
  sign: Pick<Settings['sign'], 'publicLog'>,
  disclosure: Disclosure | undefined,
  hosts: readonly string[],
): Promise<void> {
  if (disclosure === undefined || hosts.length === 0 || sign.publicLog) return;
  if ((await agreed(where)).includes(disclosure.id)) return;
  throw new ConsentNeeded(disclosure, hosts);
}

/** Keeps a yes for all later runs of this user. */
export async function keepConsent(
  where: Pick<PipelineContext, 'paths'>,
  { id }: Disclosure,
): Promise<void> {
  const all = [...new Set([...(await agreed(where)), id])];
  await makeFolder(where.paths.config);
  await writeFileBeside(fileOf(where), `${JSON.stringify({ agreed: all }, null, 2)}\n`);
}

function fileOf({ paths }: Pick<PipelineContext, 'paths'>): string {
  return join(paths.config, 'public-log.json');
}

async function agreed(where: Pick<PipelineContext, 'paths'>): Promise<readonly unknown[]> {
  const text = await readFile(fileOf(where), 'utf8').catch(() => '{}');
  try {
    const kept = JSON.parse(text) as { readonly agreed?: unknown };
    return Array.isArray(kept.agreed) ? (kept.agreed as readonly unknown[]) : [];
  } catch {
    return [];
  }
}
