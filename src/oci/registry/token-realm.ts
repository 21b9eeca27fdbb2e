import { isIP } from 'node:net';
import { UserError } from '../../model/errors.ts';
import { isLoopback } from './registry-ways.ts';

/**
 * Registries whose token server has another domain, as each of them documents it. All others have
 * theirs at the same host or in the same domain (docs/decisions, "Where passwords go").
 */
const ELSEWHERE: readonly (readonly [registry: RegExp, server: string])[] = [
  [/^rg\.[a-z]{2}-[a-z]{3}\.scw\.cloud$/, 'api.scaleway.com'],
  [/^nvcr\.io$/, 'authn.nvidia.com'],
  [/^registry\.(?:connect\.)?redhat\.(?:io|com)$/, 'sso.redhat.com'],
];

/** Domains under which anybody can have a host: a neighbor there is somebody else. */
const SHARED =
  /^(?:(?:ac|co|com|edu|go|gov|ne|net|or|org)\.[a-z]{2}|azurecr\.io|jfrog\.io|amazonaws\.com|cloudfront\.net|github\.io|gitlab\.io|run\.app|web\.app|appspot\.com|herokuapp\.com|azurewebsites\.net|azure\.com|windows\.net|pages\.dev|workers\.dev|vercel\.app|netlify\.app|fly\.dev|onrender\.com|ngrok\.io|ngrok-free\.app|duckdns\.org|nip\.io|sslip\.io)$/;

interface Realm {
  readonly realm: string;
  /** The address of the registry that names it. */
  readonly base: URL;
  /** The host that the user says signs in for this registry. */
  readonly tokenServer: string | undefined;
  readonly hasCredential: boolean;
}

/**
 * The address at which a registry has tokens fetched. A password goes to the registry's own host or
 * domain, to the token server it is known to have, or to the one that the user names; elsewhere a
 * token is fetched without. Throws UserError where that is not so, where the address has no TLS, or
 * leads from a registry into this machine or network.
 */
export function realmUrl({ realm, base, tokenServer, hasCredential }: Realm): URL {
  const url = URL.canParse(realm) ? new URL(realm) : undefined;
  const isPlain =
    url?.protocol === 'http:' &&
    (url.origin === base.origin || (isLoopback(url.hostname) && isLoopback(base.hostname)));
  const isSafe = url?.protocol === 'https:' || isPlain;
  if (url === undefined || !isSafe || url.username !== '' || url.password !== '')
    throw new UserError('the registry names a token server that is not an https address', {
      nextStep: 'No password was sent. Ask the operator of the registry.',
    });
  if (isOf(bare(base), bare(url), tokenServer)) return url;
  const isHere = isLoopback(base.hostname) && isLoopback(url.hostname);
  const isElsewhere = isLoopback(url.hostname) || isAddress(url) || isAddress(base);
  // Only this machine may name another port of it, and an IP address names itself alone.
  if (!isHere && isElsewhere && !(isLoopback(base.hostname) && !isAddress(url)))
    throw new UserError(
      `${base.host} names ${url.host} as its token server, which is not its own`,
      {
        nextStep: 'nothing was sent to it; ask the operator of the registry',
      },
    );
  if (hasCredential && !isHere)
    throw new UserError(
      `${base.host} wants your password sent to ${url.host}, which has another domain`,
      {
        nextStep: `it was not sent; if that is its token server, set registries."${base.host}".tokenServer: ${url.hostname} in your own settings`,
      },
    );
  return url;
}

/** Without the dot that ends a name of DNS. */
function bare({ hostname }: URL): string {
  return hostname.replace(/\.$/, '');
}

function isAddress({ hostname }: URL): boolean {
  return isIP(hostname.replace(/^\[|\]$/g, '')) !== 0;
}

function isOf(registry: string, server: string, named: string | undefined): boolean {
  if (server === registry || server === named) return true;
  if (isIP(registry) !== 0 || registry.startsWith('[')) return false;
  if (ELSEWHERE.some(([pattern, host]) => pattern.test(registry) && host === server)) return true;
  // registry-1.docker.io and auth.docker.io, registry.gitlab.com and gitlab.com, gcr.io and
  // auth.gcr.io.
  for (let domain = registry; domain.includes('.'); domain = domain.replace(/^[^.]*\./, ''))
    if (domain === registry || !SHARED.test(domain))
      if (server === domain || server.endsWith(`.${domain}`)) return true;
  return false;
}
