import type { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { writeFileBeside } from '../config/project-files.ts';
import { makeFolder } from '../image/disk.ts';
import { UserError } from '../lib/errors.ts';
import { given, listField, parseJson } from '../lib/json.ts';
import type { PipelineContext } from '../model/context.ts';
import type { Settings, SigstoreChoice } from '../model/settings.ts';
import type { CertificateIdentity } from '../model/signature-origin.ts';
import { bundleOrigin, certificateIn } from './bundle.ts';
import { type CosignKey, signPayload } from './cosign.ts';
import {
  ambientSource,
  AUDIENCE,
  askProvider,
  type DeviceCode,
  deviceLogin,
  loginEndpoints,
  type TokenClaims,
  tokenClaims,
  type TokenSource,
} from './oidc.ts';
import {
  givesPromise,
  keylessCall,
  keylessError,
  type KeylessKey,
  publicHosts,
  resolveSigstore,
  type Sigstore,
} from './sigstore.ts';

const MOST = 50;

/**
 * The certificates of the authorities that Fulcio signs with (its API v2, `trustBundle`). A
 * sigstore bundle does not contain them, and cosign 2 wants them beside a signature. They are not
 * trusted here. Empty where Fulcio does not name them. Throws on abort only.
 */
async function fulcioAuthorities(
  fulcio: string,
  signal: AbortSignal,
): Promise<readonly X509Certificate[]> {
  const url = `${fulcio}${fulcio.endsWith('/') ? '' : '/'}api/v2/trustBundle`;
  const answer = await askProvider({ url, signal });
  if (!answer.ok || answer.value.status !== 200) return [];
  const pems = listField(answer.value.json, 'chains').flatMap((chain) =>
    listField(chain, 'certificates'),
  );
  return pems
    .slice(0, MOST)
    .flatMap((pem) => (typeof pem === 'string' ? (certificateIn(Buffer.from(pem)) ?? []) : []));
}

/** A token that is this close to its end is not sent any more. */
const MARGIN_MS = 60_000;
/** A person's login may last for a minute in all. */
const LOGIN_MARGIN_MS = 3_000;

interface Held {
  readonly token: string;
  readonly claims: TokenClaims;
}

/** One run's keyless signer: its token, renewed on expiry, and the identity in its certificates. */
export class KeylessSession {
  readonly sigstore: Sigstore;
  /** True where a person logs in, once, when something is signed. */
  readonly isLogin: boolean;
  readonly #context: PipelineContext;
  readonly #source: TokenSource;
  #held: Promise<Held> | undefined;
  #identity: CertificateIdentity | undefined;
  #authorities: Promise<readonly X509Certificate[]> | undefined;

  constructor(context: PipelineContext, sigstore: Sigstore, source: TokenSource | undefined) {
    this.sigstore = sigstore;
    this.isLogin = source === undefined;
    this.#context = context;
    this.#source = source ?? loginSource(context, sigstore.services.oidc);
  }

  get identity(): CertificateIdentity | undefined {
    return this.#identity;
  }

  async claims(): Promise<TokenClaims> {
    return (await this.#token()).claims;
  }

  /** How cosign signs with the token; `certificateOnly` tries it, and logs nothing in Rekor. */
  async key(certificateOnly = false): Promise<CosignKey> {
    return keylessCall(await this.#key(), certificateOnly);
  }

  async #key(): Promise<KeylessKey> {
    const { token, claims } = await this.#token();
    const { env, now } = this.#context;
    return {
      sigstore: this.sigstore,
      token,
      issuer: claims.issuer,
      subject: claims.email ?? claims.subject,
      tufRoot: env['TUF_ROOT'] || join(env['HOME'] ?? homedir(), '.sigstore', 'root'),
      now,
    };
  }

  /** The certificates that may have issued those of this run; asked for once. */
  authorities(): Promise<readonly X509Certificate[]> {
    const { fulcio } = this.sigstore.services;
    return (this.#authorities ??= fulcioAuthorities(fulcio, this.#context.signal));
  }

  /** The error of a missing token, with what the person or the job can do. */
  noToken(why: string): UserError {
    const { name } = this.#source;
    return this.isLogin
      ? new UserError(`not logged in at ${name}: ${why}`, {
          nextStep: 'run it again and log in, or sign with a key (--key FILE)',
        })
      : new UserError(`no OIDC token from ${name}: ${why}`, {
          nextStep:
            'give the job a token (GitHub Actions: permissions: id-token: write), or sign with a key (--key FILE)',
        });
  }

  /** What verifies the certificates of this run. Throws UserError where there is none yet. */
  async verifier() {
    const { subject, issuer } = await this.meet(this.#identity);
    const { trustedRoot } = this.sigstore;
    return {
      kind: 'identity',
      identity: { exact: subject },
      issuer: { exact: issuer },
      ...(trustedRoot === undefined ? {} : { trustedRoot }),
    } as const;
  }

  async failure(said: string): Promise<UserError> {
    const key = await this.#key();
    const { services } = this.sigstore;
    return keylessError(said, { ...key, services, certificateOnly: false, now: key.now() });
  }

  /** Records a certificate. Throws UserError if it does not fit the token or the earlier ones. */
  async meet(identity: CertificateIdentity | undefined): Promise<CertificateIdentity> {
    const { claims } = await (this.#held ?? this.#token());
    const { fulcio } = this.sigstore.services;
    if (identity === undefined) throw new UserError(`Fulcio (${fulcio}) named nobody`);
    if (identity.issuer !== claims.issuer && identity.issuer !== claims.connector)
      throw new UserError(
        `Fulcio (${fulcio}) made out a certificate for an identity of ${identity.issuer}, the token is one of ${claims.issuer}`,
      );
    const before = (this.#identity ??= identity);
    if (before.subject !== identity.subject || before.issuer !== identity.issuer)
      throw new UserError(
        `Fulcio (${fulcio}) made out certificates for ${before.subject} and for ${identity.subject} in one build`,
      );
    return identity;
  }

  /** One request or login at a time, for all who sign beside each other. */
  async #token(): Promise<Held> {
    const asked = this.#held;
    // Who refused to log in is not asked again.
    const held = await (this.isLogin ? asked : asked?.catch(() => undefined));
    const margin = this.isLogin ? LOGIN_MARGIN_MS : this.#source.renews ? MARGIN_MS : 0;
    if (held !== undefined && held.claims.expiresAt - margin > this.#context.now()) return held;
    // Somebody else may have asked meanwhile.
    if (this.#held !== asked) return this.#token();
    return (this.#held = this.#ask());
  }

  async #ask(): Promise<Held> {
    const token = await this.#source.token(this.#context.signal);
    if (!token.ok) throw this.noToken(token.error);
    const claims = tokenClaims(token.value);
    if (!claims.ok) throw this.noToken(claims.error);
    this.#refuse(claims.value);
    return { token: token.value, claims: claims.value };
  }

  /** What Fulcio would refuse, too, in words that say what is wrong. */
  #refuse({ expiresAt, audience }: TokenClaims): void {
    const { name } = this.#source;
    const now = this.#context.now();
    if (expiresAt <= now)
      throw new UserError(
        `the OIDC token of ${name} expired at ${timeText(expiresAt)}; it is ${timeText(now)} here`,
        { nextStep: 'get a new token right before the build, or one that lasts longer' },
      );
    if (publicHosts(this.sigstore.services).length > 0 && !audience.includes(AUDIENCE))
      throw new UserError(
        `the OIDC token of ${name} is for ${audience.join(', ') || 'nobody'}, not for ${AUDIENCE}`,
        {
          nextStep:
            'ask for the audience sigstore (GitLab: id_tokens: SIGSTORE_ID_TOKEN: aud: sigstore)',
        },
      );
  }
}

function timeText(ms: number): string {
  return Number.isFinite(ms) && Math.abs(ms) < 8.64e15 ? new Date(ms).toISOString() : 'no time';
}

/** A person at a terminal: the code is shown, and nothing else is asked. */
function loginSource({ emit }: PipelineContext, issuer: string): TokenSource {
  const show = ({ page, code, seconds }: DeviceCode): void => {
    emit({
      kind: 'warning',
      text: `log in to sign: enter the code ${code} within ${seconds} seconds`,
      nextStep: `open ${page}`,
    });
  };
  return {
    name: issuer,
    renews: true,
    token: (signal) => deviceLogin(issuer, show, signal),
  };
}

/** What a log would show: `the private repository octo/shop`. */
interface Disclosure {
  readonly id: string;
  readonly text: string;
}

/** A person logs in: their address is not known before. */
export function loginDisclosure(issuer: string): Disclosure {
  return { id: `login ${issuer}`, text: 'the email address that you log in with' };
}

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
  readonly question: string;

  constructor(disclosure: Disclosure, hosts: readonly string[]) {
    const what = `${disclosure.text} to public logs (${hosts.join(', ')})`;
    super(`keyless signing writes ${what} forever, and nobody agreed to that`, {
      nextStep:
        'agree with --public-log (setting sign.publicLog), or sign with a key (--key FILE); or build unsigned: --sign=false',
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

const CONSENT = 'public-log.json';

export async function keepConsent(
  where: Pick<PipelineContext, 'paths'>,
  { id }: Disclosure,
): Promise<void> {
  const all = [...new Set([...(await agreed(where)), id])];
  await makeFolder(where.paths.config);
  const text = `${JSON.stringify({ agreed: all }, null, 2)}\n`;
  await writeFileBeside(join(where.paths.config, CONSENT), text);
}

async function agreed({ paths }: Pick<PipelineContext, 'paths'>): Promise<readonly unknown[]> {
  const text = await readFile(join(paths.config, CONSENT), 'utf8').catch(() => '');
  return listField(parseJson(text), 'agreed');
}

/**
 * The keyless signer, tried: the token is at hand, the public log was agreed to, and Fulcio makes
 * out a certificate. A person logs in later, when the image is there. Throws UserError that says
 * what failed.
 */
export async function keylessSession(
  context: PipelineContext,
  sign: Settings['sign'],
): Promise<KeylessSession> {
  const source = await ambientSource(context.env);
  if (source === undefined && context.isPerson !== true)
    throw new UserError('keyless signing needs an OIDC token, and nobody is here to log in', {
      nextStep:
        'give the job a token (GitHub Actions: permissions: id-token: write; GitLab: id_tokens: SIGSTORE_ID_TOKEN), or sign with a key (--key FILE); or build unsigned: --sign=false',
    });
  const sigstore = await resolveSigstore(context.run, sigstoreChoice(context, sign));
  if (sign.format === 'legacy' && !givesPromise(sigstore.services))
    throw new UserError(
      'the log (Rekor v2) does not sign a timestamp, without which a signature under sha256-HEX.sig does not verify',
      {
        nextStep: 'sign with --signature-format bundle, or name a log of Rekor v1: --rekor-url URL',
      },
    );
  const hosts = publicHosts(sigstore.services);
  const session = new KeylessSession(context, sigstore, source);
  if (session.isLogin) {
    const { oidc } = sigstore.services;
    await requireConsent(context, sign, loginDisclosure(oidc), hosts);
    const reached = await loginEndpoints(oidc, context.signal);
    if (!reached.ok) throw session.noToken(reached.error);
    return session;
  }
  await requireConsent(context, sign, disclosureOf(await session.claims()), hosts);
  const key = await session.key(true);
  const bundle = await signPayload(context.run, key, Buffer.from('scoville\n'), context.signal);
  await session.meet(bundleOrigin(bundle).identity);
  return session;
}

function sigstoreChoice({ cwd }: PipelineContext, sign: Settings['sign']): SigstoreChoice {
  const { fulcioUrl, rekorUrl, tsaUrl, oidcIssuer, signingConfig, trustedRoot } = sign;
  return given({
    fulcioUrl,
    rekorUrl,
    tsaUrl,
    oidcIssuer,
    signingConfig: signingConfig && resolve(cwd, signingConfig),
    trustedRoot: trustedRoot && resolve(cwd, trustedRoot),
  });
}
