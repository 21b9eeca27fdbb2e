import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { Draw } from './random.ts';

/**
 * A kind of secret: a text that holds one, of the right shape and drawn at random, and the part
 * that is secret.
 */
export interface Kind {
  readonly name: string;
  readonly make: (draw: Draw) => { readonly text: string; readonly value: string };
}

function token(name: string, make: (draw: Draw) => string): Kind {
  return {
    name,
    make: (draw) => {
      const value = make(draw);
      return { text: value, value };
    },
  };
}

/** A value that needs a name beside it. */
function assigned(name: string, variable: string, make: (draw: Draw) => string): Kind {
  return {
    name,
    make: (draw) => {
      const value = make(draw);
      return { text: `${variable}=${value}`, value };
    },
  };
}

function jwt(draw: Draw): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub: draw.digits(8), iat: 1700000000 })}.${draw.bytes(32).toString('base64url')}`;
}

/** Keys are made once: they are real ones, of nobody. */
const PEM = {
  rsa: () => pem(generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey, 'pkcs1'),
  pkcs8: () => pem(generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey, 'pkcs8'),
  ec: () => pem(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey, 'sec1'),
  ed25519: () => pem(generateKeyPairSync('ed25519').privateKey, 'pkcs8'),
};

function pem(key: KeyObject, type: 'pkcs1' | 'pkcs8' | 'sec1'): string {
  return String(key.export({ type: type, format: 'pem' }));
}

function key(name: keyof typeof PEM): Kind {
  return {
    name: `pem-${name}`,
    make: () => {
      const text = PEM[name]();
      return { text, value: text.split('\n')[1] ?? '' };
    },
  };
}

export const KINDS: readonly Kind[] = [
  token('aws-id', (d) => `AKIA${d.upper(16)}`),
  assigned('aws-secret', 'aws_secret_access_key', (d) => d.base64(30)),
  token('github', (d) => `ghp_${d.alnum(36)}`),
  token('github-server', (d) => `ghs_${d.alnum(36)}`),
  token('github-fine', (d) => `github_pat_${d.alnum(22)}_${d.alnum(59)}`),
  token('gitlab', (d) => `glpat-${d.alnum(20)}`),
  token('gitlab-runner', (d) => `glrt-${d.alnum(20)}`),
  token('slack-bot', (d) => `xoxb-${d.digits(12)}-${d.digits(12)}-${d.alnum(24)}`),
  token(
    'slack-hook',
    (d) => `https://hooks.slack.com/services/T${d.upper(8)}/B${d.upper(8)}/${d.alnum(24)}`,
  ),
  token('stripe', (d) => `sk_live_${d.alnum(24)}`),
  token('sendgrid', (d) => `SG.${d.alnum(22)}.${d.alnum(43)}`),
  token('npm', (d) => `npm_${d.alnum(36)}`),
  token('pypi', (d) => `pypi-AgEIcHlwaS5vcmc${d.alnum(150)}`),
  token('rubygems', (d) => `rubygems_${d.hex(48)}`),
  token('docker-hub', (d) => `dckr_pat_${d.alnum(27)}`),
  token(
    'hugging-face',
    (d) => `hf_${d.of('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz', 34)}`,
  ),
  token('openai', (d) => `sk-proj-${d.alnum(74)}T3BlbkFJ${d.alnum(74)}`),
  token('anthropic', (d) => `sk-ant-api03-${d.alnum(93)}AA`),
  token('google-api', (d) => `AIza${d.alnum(35)}`),
  token('google-oauth', (d) => `GOCSPX-${d.alnum(28)}`),
  assigned('azure-storage', 'DefaultEndpointsProtocol=https;AccountName=acme;AccountKey', (d) =>
    d.base64(64),
  ),
  token('azure-ad', (d) => `${d.alnum(3)}8Q~${d.alnum(34)}`),
  token('digitalocean', (d) => `dop_v1_${d.hex(64)}`),
  token('shopify', (d) => `shpat_${d.hex(32)}`),
  token('square', (d) => `sq0csp-${d.alnum(43)}`),
  assigned('mailgun', 'MAILGUN_API_KEY', (d) => `key-${d.hex(32)}`),
  assigned(
    'telegram',
    'TELEGRAM_BOT_TOKEN',
    (d) => `${d.digits(9).replace(/^0/, '1')}:AA${d.alnum(33)}`,
  ),
  token('vault', (d) => `hvs.${d.alnum(90)}`),
  token('terraform', (d) => `${d.alnum(14)}.atlasv1.${d.alnum(67)}`),
  token('databricks', (d) => `dapi${d.hex(32)}`),
  token('doppler', (d) => `dp.pt.${d.alnum(43)}`),
  token('linear', (d) => `lin_api_${d.alnum(40)}`),
  token('notion', (d) => `ntn_${d.digits(11)}${d.alnum(35)}`),
  token('atlassian', (d) => `ATATT3xFfGF0${d.alnum(180)}`),
  assigned('datadog', 'DATADOG_API_KEY', (d) => d.hex(32)),
  token('new-relic', (d) => `NRAK-${d.upper(27)}`),
  token('sentry', (d) => `sntryu_${d.hex(64)}`),
  token('grafana', (d) => `glsa_${d.alnum(32)}_${d.hex(8)}`),
  token('planetscale', (d) => `pscale_tkn_${d.alnum(43)}`),
  token('supabase', (d) => `sbp_${d.hex(40)}`),
  token('age', (d) => `AGE-SECRET-KEY-1${d.of('QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L', 58)}`),
  assigned('wireguard', '[Interface]\nPrivateKey', (d) => d.base64(32)),
  assigned('twilio', 'TWILIO_AUTH_TOKEN', (d) => d.hex(32)),
  assigned('heroku', 'HEROKU_API_KEY', (d) => d.uuid()),
  token('heroku-new', (d) => `HRKU-AA${d.alnum(58)}`),
  token('jwt', jwt),
  token('postgres-url', (d) => `postgres://app:${d.alnum(16)}@db.internal.acme.io:5432/prod`),
  token('mongodb-url', (d) => `mongodb+srv://svc:${d.alnum(18)}@cluster0.ab1cd.mongodb.net/app`),
  token('redis-url', (d) => `redis://:${d.alnum(20)}@cache.acme.io:6379/0`),
  token('git-url', (d) => `https://deploy:${d.alnum(20)}@git.acme.io/team/app.git`),
  assigned('api-key', 'API_KEY', (d) => d.alnum(40)),
  assigned('client-secret', 'client_secret', (d) => d.alnum(32)),
  assigned('db-password', 'DB_PASSWORD', (d) => d.alnum(20)),
  token('twitch', (d) => `oauth_token: "${d.lower(30)}"`),
  token('figma', (d) => `figd_${d.alnum(40)}`),
  token('postman', (d) => `PMAK-${d.hex(24)}-${d.hex(34)}`),
  token('dynatrace', (d) => `dt0c01.${d.upper(24)}.${d.upper(64)}`),
  token('tailscale', (d) => `tskey-auth-${d.alnum(17)}-${d.alnum(32)}`),
  token('artifactory', (d) => `AKCp${d.alnum(69)}`),
  token('cloudflare-origin', (d) => `v1.0-${d.hex(24)}-${d.hex(146)}`),
  token(
    'teams',
    (d) =>
      `https://acme.webhook.office.com/webhookb2/${d.uuid()}@${d.uuid()}/IncomingWebhook/${d.hex(32)}/${d.uuid()}`,
  ),
  token(
    'discord-hook',
    (d) => `https://discord.com/api/webhooks/${d.digits(18).replace(/^0/, '1')}/${d.alnum(68)}`,
  ),
  token('alibaba', (d) => `LTAI5t${d.alnum(18)}`),
  token('easypost', (d) => `EZAK${d.alnum(54)}`),
  token('brevo', (d) => `xkeysib-${d.hex(64)}-${d.alnum(16)}`),
  token('typeform', (d) => `tfp_${d.alnum(59)}`),
  token('prefect', (d) => `pnu_${d.alnum(36)}`),
  token('fly', (d) => `fo1_${d.alnum(43)}`),
  assigned('okta', 'okta_api_token', (d) => `00${d.alnum(40)}`),
  assigned('snyk', 'SNYK_TOKEN', (d) => d.uuid()),
  assigned('asana', 'asana_client_secret', (d) => d.lower(32)),
  assigned('algolia', 'ALGOLIA_ADMIN_API_KEY', (d) => d.hex(32)),
  key('rsa'),
  key('pkcs8'),
  key('ec'),
  key('ed25519'),
];
