// An OIDC issuer: tokens as GitHub Actions and GitLab hand them out, and their check at Fulcio.
import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { sha256, spki } from './x509.mjs';

const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
/** What Fulcio answers to a token that it does not take. */
const refused = (why = '') =>
  Object.assign(new Error(`There was an error processing the identity token${why}`), {
    status: 400,
  });

/** `own`: the addresses of the issuers that log persons in. */
export function makeIssuer(own) {
  const issuers = [GITHUB_CLAIMS.iss, GITLAB_CLAIMS.iss, ...own];
  const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const kid = sha256(spki(keys.publicKey)).toString('hex').slice(0, 16);
  const token = (claims) => {
    const seconds = Math.floor(Date.now() / 1000);
    const times = { iat: seconds, nbf: seconds - 5, exp: seconds + 600 };
    const text = `${part({ alg: 'RS256', typ: 'JWT', kid })}.${part({ aud: 'sigstore', ...times, ...claims })}`;
    return `${text}.${sign('sha256', Buffer.from(text), keys.privateKey).toString('base64url')}`;
  };
  const claimsOf = (given) => {
    const [head, body, signature] = String(given ?? '').split('.');
    if (signature === undefined) throw refused();
    const signed = Buffer.from(`${head}.${body}`);
    if (!verify('sha256', signed, keys.publicKey, Buffer.from(signature, 'base64url')))
      throw refused();
    const claims = JSON.parse(Buffer.from(body, 'base64url').toString());
    if (!issuers.includes(claims.iss)) throw refused();
    if (claims.exp * 1000 < Date.now()) throw refused(': token is expired');
    if (![claims.aud].flat().includes('sigstore')) throw refused(`: audience is ${claims.aud}`);
    return claims;
  };
  return {
    token,
    claimsOf,
    jwk: { ...keys.publicKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'RS256' },
  };
}
export const GITHUB_CLAIMS = {
  iss: 'https://token.actions.githubusercontent.com',
  sub: 'repo:octo/shop:ref:refs/heads/main',
  repository: 'octo/shop',
  repository_id: '74',
  repository_owner: 'octo',
  repository_owner_id: '65',
  repository_visibility: 'private',
  ref: 'refs/heads/main',
  sha: '0123456789abcdef0123456789abcdef01234567',
  workflow: 'Image',
  workflow_ref: 'octo/shop/.github/workflows/image.yml@refs/heads/main',
  workflow_sha: '0123456789abcdef0123456789abcdef01234567',
  job_workflow_ref: 'octo/shop/.github/workflows/image.yml@refs/heads/main',
  job_workflow_sha: '0123456789abcdef0123456789abcdef01234567',
  event_name: 'push',
  run_id: '1001',
  run_attempt: '1',
  runner_environment: 'github-hosted',
};
export const GITLAB_CLAIMS = {
  iss: 'https://gitlab.com',
  sub: 'project_path:octo/shop:ref_type:branch:ref:main',
  project_path: 'octo/shop',
  ref: 'main',
  ref_type: 'branch',
  ci_config_ref_uri: 'gitlab.com/octo/shop//.gitlab-ci.yml@refs/heads/main',
  ci_config_sha: '0123456789abcdef0123456789abcdef01234567',
  runner_environment: 'gitlab-hosted',
};
/** An issuer at `address`, asked at `path` of this server: the endpoint that ACTIONS_ID_TOKEN_REQUEST_URL names, GitLab’s token, discovery. */
export function oidcRoutes(issuer, address, path) {
  const devices = new Map();
  return {
    // A person's login by device code (RFC 8628), which cosign takes where its standard input is no terminal.
    [`POST ${path}/device/code`]: () => {
      const code = `code-${devices.size + 1}`;
      devices.set(code, undefined);
      return [
        200,
        'application/json',
        JSON.stringify({
          device_code: code,
          user_code: code,
          verification_uri: `${address}/device/approve`,
          verification_uri_complete: `${address}/device/approve?user_code=${code}`,
          interval: 1,
          expires_in: 300,
        }),
      ];
    },
    [`GET ${path}/device/approve`]: (request) => {
      devices.set(
        request.url.searchParams.get('user_code'),
        request.url.searchParams.get('email') ?? 'jane@example.com',
      );
      return [200, 'text/plain', 'approved'];
    },
    [`POST ${path}/exchange`]: (request) => {
      const asked = new URLSearchParams(request.body);
      const email = devices.get(asked.get('device_code'));
      if (email === undefined || email === '') {
        const error = email === '' ? 'access_denied' : 'authorization_pending';
        return [400, 'application/json', JSON.stringify({ error })];
      }
      const token = issuer.token({
        iss: address,
        sub: 'CgExEgVqYW5l',
        email,
        email_verified: true,
        federated_claims: { connector_id: 'https://accounts.example.com' },
      });
      return [
        200,
        'application/json',
        JSON.stringify({
          access_token: 'x',
          token_type: 'bearer',
          expires_in: 600,
          id_token: token,
        }),
      ];
    },
    [`GET ${path}/github`]: (request) => {
      if (!/^bearer runner-secret$/i.test(request.headers.authorization ?? ''))
        return [401, 'application/json', '{"message":"bad token"}'];
      return [
        200,
        'application/json',
        JSON.stringify({
          count: 1,
          value: issuer.token({
            ...GITHUB_CLAIMS,
            aud: request.url.searchParams.get('audience') ?? 'https://github.com/octo',
          }),
        }),
      ];
    },
    [`GET ${path}/gitlab`]: () => [200, 'text/plain', issuer.token(GITLAB_CLAIMS)],
    [`GET ${path}/token`]: (request) => [
      200,
      'text/plain',
      issuer.token(
        Object.fromEntries(
          [...request.url.searchParams].map(([k, v]) => [
            k,
            /^\d+$/.test(v) && ['exp', 'iat', 'nbf'].includes(k) ? Number(v) : v,
          ]),
        ),
      ),
    ],
    [`GET ${path}/.well-known/openid-configuration`]: () => [
      200,
      'application/json',
      JSON.stringify({
        issuer: address,
        jwks_uri: `${address}/keys`,
        authorization_endpoint: `${address}/auth`,
        device_authorization_endpoint: `${address}/device/code`,
        code_challenge_methods_supported: ['S256'],
        token_endpoint: `${address}/exchange`,
        response_types_supported: ['code'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['RS256'],
      }),
    ],
    [`GET ${path}/keys`]: () => [200, 'application/json', JSON.stringify({ keys: [issuer.jwk] })],
  };
}
