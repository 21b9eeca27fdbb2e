import { inText, type SecretRule, tokens } from './rule.ts';

const NEAR = 240;
const ACCOUNT = /(?<![A-Za-z0-9])AC[0-9a-f]{32}(?![A-Za-z0-9])/;
const KEY = /^SK[0-9a-f]{32}$/;
/** What a key begins with; `SK` alone is in too much. */
const BARE = Array.from({ length: 16 }, (_, digit) => `SK${digit.toString(16)}`);
/**
 * A key beside the name, or a bare one near its account: 32 digits with `SK` in front say little
 * alone.
 */
const TWILIO: SecretRule = {
  ...inText(
    'twilio-key',
    'Twilio: API keys and auth tokens beside the name, API keys near the account that they are of',
    ['twilio', 'TWILIO', 'Twilio', ...BARE],
    /twilio[\w .:,'"=>()[\]-]{0,60}?(?:(?<![A-Za-z0-9])(SK[0-9a-f]{32})|(?:token|secret|key)\w{0,10}["']?\s{0,3}[:=]\s{0,3}["']?([0-9a-f]{32}))(?![A-Za-z0-9])|(?<![A-Za-z0-9])(?<bare>SK[0-9a-f]{32})(?![A-Za-z0-9])/iy,
    (_value, { groups, index, input }) => {
      const bare = groups?.['bare'];
      if (bare === undefined) return true;
      return KEY.test(bare) && ACCOUNT.test(input.slice(Math.max(0, index - NEAR), index + NEAR));
    },
  ),
  glance: (bytes, at) =>
    bytes[at] !== 0x53 || KEY.test(Buffer.from(bytes.subarray(at, at + 34)).toString('latin1')),
};

/** Tokens of forges, package registries and CI, each by its issuer's documented format. */
export const FORGE_RULES: readonly SecretRule[] = [
  ...tokens(String.raw`
github-token | GitHub: personal, OAuth, user, server and refresh tokens |
  ghp_ gho_ ghu_ ghs_ ghr_ | [A-Za-z0-9_]{36,255}
github-fine-grained-token | GitHub: fine-grained personal tokens | github_pat_ | [A-Za-z0-9_]{82}
gitlab-token | GitLab: personal, deploy, runner, job, trigger, feed, agent and OAuth tokens |
  glpat- gldt- glrt- glrtr- glcbt- glptt- glft- glimt- glsoat- glffct- GR1348941 glagent- gloas- glwt- | [A-Za-z0-9_-]{20,300}(?:\.[a-z0-9]{2}\.[a-z0-9]{7,9})?
bitbucket-token | Bitbucket: app passwords | ATBB | [A-Za-z0-9_=-]{32,60}
atlassian-token | Atlassian: API and access tokens | ATATT3 ATCTT3 | [A-Za-z0-9_=-]{100,300}
npm-token | npm: access tokens | npm_ | [A-Za-z0-9]{36}
npm-auth-token (mixed) | npm: a token set for a registry, in any text | _authToken
  /_authToken["']?\s{0,3}[=:]\s{0,3}["']?([A-Za-z0-9+/=_.-]{20,500})(?![A-Za-z0-9(])/y
pypi-token | PyPI and TestPyPI: upload tokens | pypi-AgE | [A-Za-z0-9_-]{50,1000}
rubygems-key | RubyGems: API keys | rubygems_ | [a-f0-9]{48}
clojars-token | Clojars: deploy tokens | CLOJARS_ | [a-z0-9]{60}
docker-hub-token | Docker Hub: personal and organization tokens |
  dckr_pat_ dckr_oat_ | [A-Za-z0-9_-]{27,36}
artifactory-token | JFrog Artifactory: API keys and reference tokens |
  AKCp cmVmdGtu | [A-Za-z0-9]{56,69}
hugging-face-token | Hugging Face: user tokens | hf_ api_org_ | [A-Za-z]{34}
buildkite-token | Buildkite: user tokens | bkua_ | [a-f0-9]{40}
circleci-token | CircleCI: personal and project tokens |
  CCIPAT_ CCIPRJ_ | [A-Za-z0-9]{22}_[a-f0-9]{40}
sonarqube-token | SonarQube: user, project and analysis tokens | squ_ sqp_ sqa_ | [a-f0-9]{40}
crates-token (drawn) | crates.io: API tokens | cio | [A-Za-z0-9]{32}
buildkite-agent-token | Buildkite: agent and cluster tokens | bkct_ bkaj_ | [A-Za-z0-9_]{40,120}
`),
];

/** Keys of clouds, of what runs there or keeps secrets, in their issuers' documented formats. */
export const CLOUD_RULES: readonly SecretRule[] = [
  ...tokens(String.raw`
aws-access-key-id | AWS: access key ids, long-lived and temporary |
  AKIA ASIA ABIA ACCA | [A-Z0-9]{16}
aws-secret-access-key (mixed) | AWS: secret access keys, by the name they are set under |
  secret_access_key SECRET_ACCESS_KEY SecretAccessKey secretAccessKey Secret_Access_Key aws_secret_key AWS_SECRET_KEY secret-access-key ws-secret
  /(?:aws_?)?(?:secret[_-]?access[_-]?|aws_secret_|ws-secret-?)key["']?\s{0,4}(?:=>|[=:])\s{0,4}["']?([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])/iy
aws-bedrock-key | AWS: Bedrock API keys | ABSKQmVkcm9ja | [A-Za-z0-9+/=]{80,300}
google-api-key | Google: API keys | AIza | [A-Za-z0-9_-]{35}(?!-)
google-client-secret | Google: OAuth client secrets | GOCSPX- | [A-Za-z0-9_-]{28}
google-access-token | Google: OAuth access tokens | ya29. | [A-Za-z0-9_-]{50,500}
azure-storage-key | Azure: storage account keys in connection strings |
  ccountKey ccount_key CCOUNT_KEY STORAGE_KEY torage_key torageKey
  /(?:ccount_?|torage_?)key["']?\s{0,3}[=:]\s{0,3}["']?([A-Za-z0-9+/]{86}==)/iy
azure-shared-access-key | Azure: keys of Service Bus, Event Hubs and IoT Hub in connection strings |
  SharedAccessKey= SharedSecret=
  /Shared(?:AccessKey|Secret)=([A-Za-z0-9+/]{43}=)/y
azure-client-secret | Azure: an application's client secret | 7Q~ 8Q~ 9Q~
  /(?<=(?<![\w~.-])(?<head>[A-Za-z0-9_~.]{3}))(?<secret>[789]Q~[A-Za-z0-9_~.-]{31,34})(?![\w~.-])/y
azure-devops-token | Azure DevOps: personal access tokens | AZDO
  /(?<=(?<![A-Za-z0-9])(?<secret>[A-Za-z0-9]{76}))AZDO[A-Za-z0-9]{4}(?![A-Za-z0-9])/y
azure-sas | Azure: shared access signatures in addresses | &sig=
  /(?<=[?&]s[a-z]{1,2}=[^\s"']{1,300})[&?]sig=([A-Za-z0-9+/%]{40,90}(?:%3[Dd]|=)?)(?![A-Za-z0-9+/%])|(?<=[?])sig=([A-Za-z0-9+/%]{40,90}(?:%3[Dd]|=)?)(?=&s[a-z]{1,2}=)/y
digitalocean-token | DigitalOcean: personal, OAuth and refresh tokens |
  dop_v1_ doo_v1_ dor_v1_ | [a-f0-9]{64}
heroku-key | Heroku: API keys | HRKU- | [A-Za-z0-9_-]{36,60}
cloudflare-origin-key | Cloudflare: origin CA keys | v1.0- | [a-f0-9]{24}-[a-f0-9]{146}
fly-token | Fly.io: access tokens | fm2_ fo1_ | [A-Za-z0-9+/=_-]{43,2000}
alibaba-access-key-id | Alibaba Cloud: access key ids | LTAI | [A-Za-z0-9]{17,21}
tencent-secret-id | Tencent Cloud: secret ids | AKID | [A-Za-z0-9]{32}
databricks-token | Databricks: personal tokens | dapi | [a-f0-9]{32}(?:-\d)?
vault-token | HashiCorp Vault: service, batch and recovery tokens |
  hvs. hvb. hvr. | [A-Za-z0-9_-]{24,300}
terraform-cloud-token | Terraform Cloud: API tokens | .atlasv1.
  /(?<=(?<![A-Za-z0-9])([A-Za-z0-9]{14}))\.atlasv1\.[A-Za-z0-9_=-]{60,70}/y
doppler-token | Doppler: personal, service, CLI, SCIM and audit tokens |
  dp.pt. dp.st. dp.ct. dp.sa. dp.scim. dp.audit. | (?:[a-z0-9_-]{2,35}\.)?[A-Za-z0-9]{40,44}
grafana-token | Grafana: service account, cloud and API keys |
  glsa_ glc_ eyJrIjoi | [A-Za-z0-9+/_]{32,400}={0,3}
1password-service-account | 1Password: service account tokens | ops_eyJ | [A-Za-z0-9+/=_-]{100,2000}
planetscale-token | PlanetScale: passwords and tokens |
  pscale_pw_ pscale_tkn_ pscale_oauth_ | [A-Za-z0-9_=.-]{32,64}
supabase-key | Supabase: access tokens and secret keys | sbp_ sb_secret_ | [A-Za-z0-9_-]{31,40}
tailscale-key | Tailscale: API, auth and client keys |
  tskey- | [a-z]{2,10}-[A-Za-z0-9]{8,32}-[A-Za-z0-9]{20,60}
netlify-token | Netlify: personal tokens | nfp_ | [A-Za-z0-9]{36}
scaleway-key | Scaleway: access keys | SCW | [A-Z0-9]{17}
yandex-key | Yandex Cloud: API, OAuth and IAM keys | AQVN y0_ t1.9eu | [A-Za-z0-9_.=-]{35,300}
clickhouse-key (drawn) | ClickHouse Cloud: API secrets | 4b1d | [A-Za-z0-9]{38}
defined-networking-key | Defined Networking: API keys | dnkey- | [a-z0-9_-]{26}-[a-z0-9_-]{52}
infracost-key | Infracost: API keys | ico- | [A-Za-z0-9]{32}
openshift-token | OpenShift: user tokens | sha256~ | [A-Za-z0-9_-]{43}
octopus-key (drawn) | Octopus Deploy: API keys | API- | [A-Z0-9]{26}
scalingo-token | Scalingo: API tokens | tk-us- | [A-Za-z0-9_-]{48}
prefect-key | Prefect: API keys | pnu_ | [A-Za-z0-9]{36}
harness-token | Harness: personal and service tokens |
  pat. sat. | [A-Za-z0-9_-]{22}\.[a-f0-9]{24}\.[A-Za-z0-9]{20}
pulumi-token | Pulumi: access tokens | pul- | [a-f0-9]{40}
vercel-token | Vercel: tokens | vcp_ vci_ vca_ vcr_ vck_ | [A-Za-z0-9]{24,60}
render-key | Render: API keys | rnd_ | [A-Za-z0-9]{28,40}
neon-key | Neon: API keys | napi_ | [a-z0-9]{60,70}
`),
];

/** Keys of services that programs call, each by its issuer's documented format. */
export const SERVICE_RULES: readonly SecretRule[] = [
  ...tokens(String.raw`
slack-token | Slack: bot, user, app, workspace, configuration and refresh tokens |
  xoxb- xoxp- xoxa- xoxr- xoxs- xoxo- xoxe- xoxe.xox xapp- | (?:[bp]-)?\d[A-Za-z0-9-]{14,250}
slack-webhook | Slack: incoming webhooks and workflow triggers | hooks.slack.com
  /hooks\.slack\.com\/(?:services|workflows|triggers)\/[A-Z0-9]{6,14}\/[A-Za-z0-9]{6,40}\/[A-Za-z0-9]{16,40}/y
discord-webhook | Discord: webhooks | /api/webhooks/
  /(?<=discord(?:app)?\.com)\/api\/webhooks\/\d{17,20}\/([A-Za-z0-9_-]{60,80})/y
telegram-bot-token | Telegram: bot tokens beside the name | telegram TELEGRAM Telegram
  /telegram[^\n]{0,80}?(?<!\d)(\d{8,10}:A[A-Za-z0-9_-]{34})(?![A-Za-z0-9_-])/iy
stripe-key | Stripe: live keys | sk_live_ rk_live_ | [A-Za-z0-9]{10,247}
stripe-webhook-secret | Stripe: webhook secrets | whsec_ | [A-Za-z0-9+/=]{32,64}
square-token | Square: access tokens and secrets | sq0atp- sq0csp- EAAAE EAAAl | [\w-]{22,60}
braintree-token | PayPal Braintree: production tokens |
  access_token$production$ | [a-z0-9]{16}\$[a-f0-9]{32}
sendgrid-key | SendGrid: API keys | SG. | [A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{32,64}(?!-)
mailgun-key | Mailgun: private keys beside the name | mailgun MAILGUN Mailgun
  /mailgun[^\n]{0,80}?(?<![A-Za-z0-9])(key-[a-f0-9]{32}|[a-f0-9]{32}-[a-f0-9]{8}-[a-f0-9]{8})(?![A-Za-z0-9])/iy
mailchimp-key | Mailchimp: API keys beside the name | mailchimp MAILCHIMP Mailchimp
  /mailchimp[^\n]{0,80}?(?<![A-Za-z0-9])([a-f0-9]{32}-us\d{1,2})(?![A-Za-z0-9])/iy
`),
  TWILIO,
  ...tokens(String.raw`
shopify-token | Shopify: access tokens and shared secrets |
  shpat_ shpca_ shppa_ shpss_ | [A-Za-z0-9]{32,64}
linear-key | Linear: API and OAuth keys | lin_api_ lin_oauth_ | [A-Za-z0-9_]{32,128}
notion-token | Notion: integration tokens | ntn_ secret_ | (?:\d{11}[A-Za-z0-9]{35}|[A-Za-z0-9]{43})
figma-token | Figma: personal tokens | figd_ | [A-Za-z0-9_-]{40}
postman-key | Postman: API keys | PMAK- | [a-f0-9]{24}-[a-f0-9]{34}
contentful-token | Contentful: personal tokens | CFPAT- | [A-Za-z0-9_-]{43}
new-relic-key | New Relic: user and license keys | NRAK- NRII- NRRA- | [A-Za-z0-9_-]{27,32}
sentry-token | Sentry: organization and user tokens |
  sntrys_ sntryu_ | (?:eyJ[A-Za-z0-9+/=_-]{60,500}|[a-f0-9]{64})
dynatrace-token | Dynatrace: API tokens | dt0c01. dt0s01. | [A-Z0-9]{24}\.[A-Z0-9]{64}
posthog-key | PostHog: personal keys | phx_ | [A-Za-z0-9]{40,50}
teams-webhook | Microsoft Teams: incoming webhooks | webhook.office.com
  /webhook\.office\.com\/webhookb2\/[a-z0-9-]{36}@[a-z0-9-]{36}\/IncomingWebhook\/([a-z0-9]{32})\/[a-z0-9-]{36}/y
discord-bot-token | Discord: bot tokens | discord DISCORD Discord
  /discord[^\n]{0,80}?(?<![A-Za-z0-9])(?<secret>[MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,40})(?![A-Za-z0-9_-])/iy
adafruit-key | Adafruit IO: keys | aio_ | [A-Za-z0-9]{28}
adobe-secret | Adobe: client secrets | p8e- p8- | [A-Za-z0-9]{32}
airtable-token (drawn) | Airtable: personal tokens | pat | [A-Za-z0-9]{14}\.[a-f0-9]{64}
duffel-token | Duffel: API tokens | duffel_test_ duffel_live_ | [A-Za-z0-9_=-]{43}
easypost-key | EasyPost: API keys | EZAK EZTK | [A-Za-z0-9]{54}
facebook-token | Facebook, Instagram: access tokens |
  EAAC EAAM EAAB EAAG EAAI EAAJ EAAD EAAE EAAF | [A-Za-z0-9]{80,400}
flutterwave-key | Flutterwave: secret keys | FLWSECK_TEST- FLWSECK- | [a-z0-9]{12,32}(?:-X)?
frameio-token | Frame.io: tokens | fio-u- | [A-Za-z0-9_=-]{64}
hubspot-token | HubSpot: private app tokens |
  pat-na1- pat-eu1- pat-na2- | [a-f0-9]{8}(?:-[a-f0-9]{4}){3}-[a-f0-9]{12}
intra42-secret | 42: client secrets | s-s4t2ud- s-s4t2af- | [a-f0-9]{64}
launchdarkly-key | LaunchDarkly: SDK and API keys |
  sdk- api- | [a-f0-9]{8}(?:-[a-f0-9]{4}){3}-[a-f0-9]{12}
lob-key (drawn) | Lob, GoCardless: live keys | live_ | [A-Za-z0-9_=-]{35,40}
mapbox-token | Mapbox: secret tokens | sk.eyJ | [A-Za-z0-9_-]{60,90}\.[A-Za-z0-9_-]{20,24}
maxmind-key | MaxMind: license keys | _mmk
  /(?<=(?<![A-Za-z0-9])(?<secret>[A-Za-z0-9]{6}_[A-Za-z0-9]{29}))_mmk(?![A-Za-z0-9_])/y
plaid-token | Plaid: access tokens |
  access-production- access-development- access-sandbox- | [a-f0-9]{8}(?:-[a-f0-9]{4}){3}-[a-f0-9]{12}
readme-key | ReadMe: API keys | rdme_ | [a-z0-9]{70}
brevo-key | Brevo, once Sendinblue: API keys | xkeysib- xsmtpsib- | [a-f0-9]{64}-[A-Za-z0-9]{16}
settlemint-token | SettleMint: access tokens | sm_pat_ sm_aat_ sm_sat_ | [A-Za-z0-9]{16}
shippo-token | Shippo: API tokens | shippo_live_ shippo_test_ | [a-f0-9]{40}
sourcegraph-token | Sourcegraph: access tokens | sgp_ | (?:[a-f0-9]{16}_|local_)?[a-f0-9]{40}
typeform-token | Typeform: personal tokens | tfp_ | [A-Za-z0-9_.=-]{59}
twitter-bearer | Twitter: bearer tokens | AAAAAAAAAAAAAAAAAAAAA | [A-Za-z0-9%]{80,100}
dropbox-token | Dropbox: access tokens | sl. | [A-Za-z0-9_=-]{100,1500}
authress-key | Authress: service client keys | .acc_ .acc-
  /(?<=(?<![A-Za-z0-9])(?<secret>(?:sc|ext|scauth|authress)_[A-Za-z0-9]{5,30}\.[A-Za-z0-9]{4,6}))\.acc[_-][A-Za-z0-9-]{10,32}\.[A-Za-z0-9+/_=-]{30,120}/y
razorpay-key | Razorpay: live keys | rzp_live_ | [A-Za-z0-9]{14,24}
resend-key (drawn) | Resend: API keys | re_ | [A-Za-z0-9]{8}_[A-Za-z0-9]{24}
checkout-key | Checkout.com, Paystack: secret keys | sk_prod_ | [A-Za-z0-9]{24,60}
snyk-token | Snyk: service tokens | snyk_uat. snyk_sat. | [a-z0-9]{8}\.[A-Za-z0-9_.-]{40,400}
`),
];

/** Keys of language model services and related ones, each in its issuer's documented format. */
export const AI_SERVICE_RULES: readonly SecretRule[] = [
  ...tokens(String.raw`
openai-key | OpenAI: user, project, service account and admin keys | T3BlbkFJ
  /(?<=(?<![A-Za-z0-9])(sk-[A-Za-z0-9_-]{20,100}))T3BlbkFJ[A-Za-z0-9_-]{20,100}/y
anthropic-key | Anthropic: API, admin and OAuth keys |
  sk-ant-api sk-ant-admin sk-ant-oat | \d\d-[A-Za-z0-9_-]{80,130}
openrouter-key | OpenRouter: API keys | sk-or-v1- | [a-f0-9]{64}
groq-key | Groq: API keys | gsk_ | [A-Za-z0-9]{52}
xai-key | xAI: API keys | xai- | [A-Za-z0-9]{80}
perplexity-key | Perplexity: API keys | pplx- | [A-Za-z0-9]{48}
replicate-token | Replicate: API tokens | r8_ | [A-Za-z0-9]{37}
langsmith-key | LangSmith: API keys | lsv2_ | (?:pt|sk)_[a-f0-9]{32}_[a-f0-9]{10}
deepseek-key | DeepSeek, and others after OpenAI: secret keys | sk- | [a-f0-9]{32}
openai-project-key | OpenAI and services like it: project keys |
  sk-proj- sk-svcacct- | [A-Za-z0-9_-]{40,200}
elevenlabs-key | ElevenLabs, and others: keys | sk_ | [a-f0-9]{48}
nvidia-key | NVIDIA: NGC and API keys | nvapi- | [A-Za-z0-9_-]{60,70}
fireworks-key | Fireworks, Together: API keys | fw_ tgp_v1_ | [A-Za-z0-9_-]{22,50}
tavily-key | Tavily: API keys | tvly- | [A-Za-z0-9-]{30,45}
`),
];
