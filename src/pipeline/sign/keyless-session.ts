import type { X509Certificate } from 'node:crypto';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../../model/errors.ts';
import type { CertificateIdentity } from '../../model/signature-origin.ts';
import type { KeylessKey } from '../../tools/cosign/cosign-call.ts';
import { fulcioAuthorities } from '../../tools/cosign/fulcio-authorities.ts';
import { keylessError } from '../../tools/cosign/keyless-errors.ts';
import { publicHosts } from '../../tools/cosign/sigstore-services.ts';
import type { Sigstore } from '../../tools/cosign/sigstore.ts';
import type { TokenSource } from '../../tools/oidc/ambient-token.ts';
import { type DeviceCode, deviceLogin } from '../../tools/oidc/device-login.ts';
import { type TokenClaims, tokenClaims } from '../../tools/oidc/token-claims.ts';
import type { PipelineContext } from '../context.ts';

/** A token that is this close to its end is not sent any more. */
const MARGIN_MS = 60_000;
/** A person's login may last for a minute in all. */
const LOGIN_MARGIN_MS = 3_000;
const AUDIENCE = 'sigstore';

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

  /** Whom the certificates of this run name; undefined before the first. */
  get identity(): CertificateIdentity | undefined {
    return this.#identity;
  }

  /** What the token says. Throws UserError where there is none, or where it cannot be used. */
  async claims(): Promise<TokenClaims> {
    return (await this.#token()).claims;
  }

  /** What cosign signs with now. */
  async key(): Promise<KeylessKey> {
    const { token, claims } = await this.#token();
    const { env, now } = this.#context;
    return {
      kind: 'keyless',
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

  /** Why what was signed does not verify, by what cosign said. */
  async failure(said: string): Promise<UserError> {
    const key = await this.key();
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
    token: (signal) => deviceLogin({ issuer, show, signal }),
  };
}
