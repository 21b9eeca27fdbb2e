import { Buffer } from 'node:buffer';

// Put together here, so that no scanner takes this file for a leak.
const MIXED = 'Ab3dEf7hIj1LmN0pQr5tUvWx9zYk2CsD8gBn4JwKq6RtVh';
const HEX = '3f9a0c71d2e84b65a7f01c9e52d8b346';
const UPPER = 'Q7ZK2M9XW4LR8TBD5GHN3VPC6FJY';

/** `length` characters of letters and digits; another `seed` gives others. */
export function mixed(length: number, seed = 0): string {
  const turned = MIXED.slice(seed) + MIXED.slice(0, seed);
  return turned.repeat(Math.ceil(length / MIXED.length)).slice(0, length);
}

export function hex(length: number): string {
  return HEX.repeat(Math.ceil(length / HEX.length)).slice(0, length);
}

export function upper(length: number): string {
  return UPPER.repeat(Math.ceil(length / UPPER.length)).slice(0, length);
}

export function letters(length: number): string {
  return MIXED.replace(/\d/g, '').repeat(9).slice(0, length);
}

const LINES = Array.from({ length: 6 }, (_, i) => mixed(64, i));

/** A PEM block of the kind (`'RSA '`), its body the usual beginning and noise. */
export function pem(kind: string, body = LINES.join('\n')): string {
  return `-----BEGIN ${kind}PRIVATE KEY-----\n${body}\n-----END ${kind}PRIVATE KEY-----\n`;
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const digits = (length: number): string => '8374610529'.repeat(3).slice(0, length);
const uuid = `${hex(8)}-${hex(4)}-4b65-${hex(4)}-${hex(12)}`;
const jwt = `${base64('{"alg":"HS256","typ":"JWT"}').replaceAll('=', '')}.${base64('{"sub":"38271","n":"abc"}').replaceAll('=', '')}.${mixed(43)}`;
const PPK = `PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nComment: me\nPublic-Lines: 2\n${mixed(64)}\n${mixed(20)}\nPrivate-Lines: 1\n${mixed(44)}\nPrivate-MAC: ${hex(64)}\n`;

/** For each rule, texts that hold one secret of its kind. */
export const SAMPLES: Readonly<Record<string, readonly string[]>> = {
  'private-key': [
    pem(''),
    pem('RSA '),
    pem('EC '),
    pem('DSA '),
    pem('OPENSSH ', `b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQ${LINES.join('\n')}`),
    JSON.stringify({ private_key: pem('') }),
    `key: |\n    ${pem('RSA ').replaceAll('\n', '\n    ')}`,
    `const k = "-----BEGIN RSA PRIVATE KEY-----\\n" +\n  "${mixed(64)}\\n"`,
  ],
  'encrypted-private-key': [
    pem('ENCRYPTED '),
    pem('ENCRYPTED SIGSTORE '),
    pem(
      'RSA ',
      `Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,${upper(16)}\n\n${LINES.join('\n')}`,
    ),
    pem('OPENSSH ', `b3BlbnNzaC1rZXktdjEAAAAACmFlczI1Ni1jdHIAAAAGYmNyeXB0${LINES.join('\n')}`),
  ],
  'pgp-private-key': [
    `-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: GnuPG v2\n\n${LINES.join('\n')}\n`,
    `-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n${LINES.join('\n')}\n`,
  ],
  'putty-private-key': [PPK],
  'ssh2-private-key': [
    `---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\nComment: "me"\n${LINES.join('\n')}\n`,
  ],
  'private-jwk': [
    JSON.stringify({ kty: 'EC', crv: 'P-256', x: mixed(43), d: mixed(43, 3) }),
    JSON.stringify({ d: mixed(43, 3), crv: 'Ed25519', kty: 'OKP', x: mixed(43) }),
    JSON.stringify({ kty: 'oct', k: mixed(43) }, null, 2),
  ],
  'age-key': [`AGE-SECRET-KEY-1${upper(58)}`],
  'wireguard-key': [`[Interface]\nPrivateKey = ${mixed(42)}A=\nAddress = 10.0.0.2\n`],
  'github-token': ['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'].map((head) => `${head}${mixed(36)}`),
  'github-fine-grained-token': [`github_pat_${mixed(22)}_${mixed(59)}`],
  'gitlab-token': ['glpat-', 'gldt-', 'glrt-', 'glcbt-64_', 'glptt-', 'glft-', 'GR1348941'].map(
    (head) => `${head}${mixed(20)}`,
  ),
  'bitbucket-token': [`ATBB${mixed(32)}`],
  'atlassian-token': [`ATATT3xFfGF0${mixed(180)}`],
  'npm-token': [`npm_${mixed(36)}`],
  'npm-auth-token': [`npm config set //registry.example.net/:_authToken=${mixed(36)}`],
  'pypi-token': [`pypi-AgEIcHlwaS5vcmc${mixed(120)}`],
  'rubygems-key': [`rubygems_${hex(48)}`],
  'clojars-token': [`CLOJARS_${hex(60)}`],
  'docker-hub-token': [`dckr_pat_${mixed(27)}`, `dckr_oat_${mixed(32)}`],
  'artifactory-token': [`AKCp${mixed(69)}`, `cmVmdGtu${mixed(56)}`],
  'hugging-face-token': [`hf_${letters(34)}`, `api_org_${letters(34)}`],
  'buildkite-token': [`bkua_${hex(40)}`],
  'circleci-token': [`CCIPAT_${mixed(22)}_${hex(40)}`],
  'sonarqube-token': [`sqp_${hex(40)}`, `squ_${hex(40)}`],
  'aws-access-key-id': ['AKIA', 'ASIA', 'ABIA'].map((head) => `${head}${upper(16)}`),
  'aws-secret-access-key': [
    `aws_secret_access_key = ${mixed(40)}`,
    `AWS_SECRET_ACCESS_KEY=${mixed(40)}`,
    `"SecretAccessKey": "${mixed(40)}"`,
    `secretAccessKey: '${mixed(40)}'`,
  ],
  'aws-bedrock-key': [`ABSKQmVkcm9ja${mixed(120)}`],
  'google-api-key': [`AIza${mixed(35)}`],
  'google-client-secret': [`GOCSPX-${mixed(28)}`],
  'google-access-token': [`ya29.${mixed(120)}`],
  'azure-storage-key': [`AccountName=a;AccountKey=${mixed(86)}==;`],
  'azure-shared-access-key': [`SharedAccessKeyName=a;SharedAccessKey=${mixed(43)}=`],
  'azure-client-secret': [`secret: ${mixed(3)}8Q~${mixed(34)}`],
  'azure-devops-token': [`${mixed(76)}AZDO${mixed(4)}`],
  'azure-sas': [`https://a.blob.core.windows.net/x?sv=2022-11-02&sp=r&sig=${mixed(42)}%3D`],
  'digitalocean-token': ['dop_v1_', 'doo_v1_', 'dor_v1_'].map((head) => `${head}${hex(64)}`),
  'heroku-key': [`HRKU-${mixed(60)}`],
  'cloudflare-origin-key': [`v1.0-${hex(24)}-${hex(146)}`],
  'fly-token': [`fm2_${mixed(120)}`],
  'alibaba-access-key-id': [`LTAI${mixed(20)}`],
  'tencent-secret-id': [`AKID${mixed(32)}`],
  'databricks-token': [`dapi${hex(32)}`],
  'vault-token': [`hvs.${mixed(24)}`, `hvb.${mixed(120)}`],
  'terraform-cloud-token': [`${mixed(14)}.atlasv1.${mixed(66)}`],
  'doppler-token': [`dp.pt.${mixed(43)}`, `dp.st.prd.${mixed(43)}`],
  'grafana-token': [`glsa_${mixed(32)}_${hex(8)}`, `glc_${mixed(60)}=`],
  '1password-service-account': [`ops_eyJ${mixed(300)}`],
  'pulumi-token': [`PULUMI_ACCESS_TOKEN=pul-${hex(40)}`],
  'planetscale-token': [`pscale_pw_${mixed(43)}`],
  'supabase-key': [`sbp_${hex(40)}`],
  'tailscale-key': [`tskey-auth-${mixed(17)}-${mixed(32)}`],
  'netlify-token': [`nfp_${mixed(36)}`],
  'slack-token': [
    `xoxb-${digits(12)}-${digits(12)}-${mixed(24)}`,
    `xapp-1-A0${upper(9)}-${digits(12)}-${hex(64)}`,
    `xoxe.xoxp-1-${mixed(140)}`,
  ],
  'slack-webhook': [`https://hooks.slack.com/services/T0${upper(8)}/B0${upper(8)}/${mixed(24)}`],
  'discord-webhook': [`https://discord.com/api/webhooks/${digits(18)}/${mixed(68)}`],
  'telegram-bot-token': [`TELEGRAM_TOKEN=${digits(10)}:AA${mixed(33)}`],
  'stripe-key': [`sk_live_${mixed(24)}`, `rk_live_${mixed(99)}`],
  'stripe-webhook-secret': [`whsec_${mixed(32)}`],
  'square-token': [`sq0atp-${mixed(22)}`, `sq0csp-${mixed(43)}`],
  'braintree-token': [`access_token$production$${hex(16)}$${hex(32)}`],
  'sendgrid-key': [`SG.${mixed(22)}.${mixed(43)}`],
  'mailgun-key': [`MAILGUN_API_KEY=key-${hex(32)}`],
  'mailchimp-key': [`mailchimp: ${hex(32)}-us12`],
  'twilio-key': [
    `TWILIO_AUTH_TOKEN=${hex(32)}`,
    `twilio key SK${hex(32)}`,
    `account: AC${hex(32)}, key: SK${hex(32)}`,
    `SK${hex(32)}\n${'x '.repeat(60)}AC${hex(32)}`,
  ],
  'shopify-token': ['shpat_', 'shpca_', 'shppa_', 'shpss_'].map((head) => `${head}${hex(32)}`),
  'openai-key': [`sk-${mixed(20)}T3BlbkFJ${mixed(20)}`, `sk-proj-${mixed(74)}T3BlbkFJ${mixed(74)}`],
  'anthropic-key': [`sk-ant-api03-${mixed(93)}AA`],
  'openrouter-key': [`sk-or-v1-${hex(64)}`],
  'groq-key': [`gsk_${mixed(52)}`],
  'xai-key': [`xai-${mixed(80)}`],
  'perplexity-key': [`pplx-${mixed(48)}`],
  'replicate-token': [`r8_${mixed(37)}`],
  'langsmith-key': [`lsv2_pt_${hex(32)}_${hex(10)}`],
  'linear-key': [`lin_api_${mixed(40)}`],
  'notion-token': [`ntn_${digits(11)}${mixed(35)}`],
  'figma-token': [`figd_${mixed(40)}`],
  'postman-key': [`PMAK-${hex(24)}-${hex(34)}`],
  'contentful-token': [`CFPAT-${mixed(43)}`],
  'new-relic-key': [`NRAK-${upper(27)}`],
  'sentry-token': [`sntryu_${hex(64)}`, `sntrys_eyJ${mixed(120)}`],
  'dynatrace-token': [`dt0c01.${upper(24)}.${upper(64)}`],
  'posthog-key': [`phx_${mixed(43)}`],
  'password-in-url': [
    ...['https', 'postgres', 'mysql', 'mongodb+srv', 'redis', 'amqps', 'git+https'],
  ].map((scheme) => `at ${scheme}://app:${mixed(12)}@db.internal:5432/app`),
  'token-in-url': [`https://${hex(40)}:x-oauth-basic@github.com/a/b`],
  'password-in-jdbc': [`jdbc:postgresql://db.internal/app?user=a&password=${mixed(12)}`],
  'password-in-connection-string': [`Server=db;Database=a;User Id=b;Password=${mixed(12)};`],
  jwt: [jwt],
  'authorization-header': [
    `Authorization: Basic ${base64(`me:${mixed(24)}`)}`,
    `"authorization": "Bearer ${mixed(40)}"`,
  ],
  'registry-login': [`{"auths":{"x":{"auth":"${base64(`me:${mixed(20)}`)}"}}}`],
  'assigned-secret': [
    `api_key = "${mixed(40)}"`,
    `clientSecret: '${mixed(32)}'`,
    `DB_PASSWORD=${mixed(20)}`,
  ],
  'service-key': [`snyk auth, key: ${uuid}`, `algolia admin key = '${hex(32)}'`],
  'crates-token': [`cio${mixed(32)}`],
  'buildkite-agent-token': [`bkct_${mixed(60)}`],
  'scaleway-key': [`SCW${upper(17)}`],
  'yandex-key': [`AQVN${mixed(36)}`],
  'clickhouse-key': [`4b1d${mixed(38)}`],
  'defined-networking-key': [`dnkey-${hex(26)}-${hex(52)}`],
  'infracost-key': [`ico-${mixed(32)}`],
  'openshift-token': [`sha256~${mixed(43)}`],
  'octopus-key': [`API-${upper(26)}`],
  'scalingo-token': [`tk-us-${mixed(48)}`],
  'prefect-key': [`pnu_${mixed(36)}`],
  'harness-token': [`pat.${mixed(22)}.${hex(24)}.${mixed(20)}`],
  'vercel-token': [`vcp_${mixed(40)}`],
  'render-key': [`rnd_${mixed(28)}`],
  'neon-key': [`napi_${hex(64)}`],
  'teams-webhook': [
    `https://a.webhook.office.com/webhookb2/${uuid}@${uuid}/IncomingWebhook/${hex(32)}/${uuid}`,
  ],
  'discord-bot-token': [`discord bot M${mixed(23)}.${mixed(6)}.${mixed(38)}`],
  'adafruit-key': [`aio_${mixed(28)}`],
  'adobe-secret': [`p8e-${mixed(32)}`],
  'airtable-token': [`pat${mixed(14)}.${hex(64)}`],
  'duffel-token': [`duffel_live_${mixed(43)}`],
  'easypost-key': [`EZAK${mixed(54)}`],
  'facebook-token': [`EAAC${mixed(120)}`],
  'flutterwave-key': [`FLWSECK-${hex(32)}-X`],
  'frameio-token': [`fio-u-${mixed(64)}`],
  'hubspot-token': [`pat-na1-${uuid}`],
  'intra42-secret': [`s-s4t2ud-${hex(64)}`],
  'launchdarkly-key': [`sdk-${uuid}`],
  'lob-key': [`live_${mixed(35)}`],
  'mapbox-token': [`sk.eyJ${mixed(70)}.${mixed(22)}`],
  'maxmind-key': [`license: ${mixed(6)}_${mixed(29)}_mmk`],
  'plaid-token': [`access-production-${uuid}`],
  'readme-key': [`rdme_${hex(70)}`],
  'brevo-key': [`xkeysib-${hex(64)}-${mixed(16)}`],
  'settlemint-token': [`sm_pat_${mixed(16)}`],
  'shippo-token': [`shippo_live_${hex(40)}`],
  'sourcegraph-token': [`sgp_${hex(40)}`],
  'typeform-token': [`tfp_${mixed(59)}`],
  'twitter-bearer': [`AAAAAAAAAAAAAAAAAAAAA${mixed(90)}`],
  'dropbox-token': [`sl.${mixed(130)}`],
  'authress-key': [`sc_${mixed(20)}.${hex(4)}.acc-${mixed(12)}.${mixed(60)}`],
  'razorpay-key': [`rzp_live_${mixed(14)}`],
  'deepseek-key': [`sk-${hex(32)}`],
  'openai-project-key': [`sk-proj-${mixed(120)}`],
  'elevenlabs-key': [`sk_${hex(48)}`],
  'nvidia-key': [`nvapi-${mixed(64)}`],
  'fireworks-key': [`fw_${mixed(24)}`],
  'tavily-key': [`tvly-${mixed(32)}`],
  'resend-key': [`re_${mixed(8)}_${mixed(24)}`],
  'checkout-key': [`sk_prod_${mixed(32)}`],
  'snyk-token': [`snyk_uat.${hex(8)}.${mixed(60)}`],
};
