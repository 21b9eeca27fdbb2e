import { lintSource } from '@secretlint/core';
import { creator } from '@secretlint/secretlint-rule-preset-recommend';
import { describe, expect, test } from 'vitest';
import { ScanBudget } from '../../src/facts/secrets/open-content.ts';
import { secretsInPiece } from '../../src/facts/secrets/secret-collector.ts';
import { hex, mixed, pem, SAMPLES, upper } from './secret-samples.ts';

/** Each rule of secretlint's recommended preset, and ours that answers it. */
const COUNTERPARTS: Readonly<Record<string, readonly string[]>> = {
  aws: ['aws-access-key-id', 'aws-secret-access-key'],
  // Its PKCS#12 half opens a store with Google's own passphrase: ours tells by the bag in sight,
  // see `secret-key-stores.test.ts`.
  gcp: ['private-key'],
  privatekey: ['private-key'],
  npm: ['npm-token', 'npm-auth-token'],
  basicauth: ['password-in-url'],
  slack: ['slack-token', 'slack-webhook'],
  sendgrid: ['sendgrid-key'],
  shopify: ['shopify-token'],
  github: ['github-token', 'github-fine-grained-token'],
  openai: ['openai-key'],
  anthropic: ['anthropic-key'],
  linear: ['linear-key'],
  '1password': ['1password-service-account'],
  'database-connection-string': ['password-in-url'],
  // Comments that turn rules off: an image's author does not judge the image.
  'filter-comments': [],
};

/** What it finds and we do not, each with the reason. */
const NOT_OURS: readonly (readonly [reason: string, text: string])[] = [
  ['a password of a test set-up, known to everybody', 'https://foo:guest@db.internal.net'],
];

async function secretlint(content: string): Promise<readonly string[]> {
  const { messages } = await lintSource({
    source: { content, filePath: '/srv/a.json', ext: '.json', contentType: 'text' },
    options: { config: { rules: [{ id: creator.meta.id, rule: creator }] } },
  });
  return messages.map(({ ruleId }) => ruleId.replace('@secretlint/secretlint-rule-', ''));
}

function ours(text: string): readonly string[] {
  return secretsInPiece(Buffer.from(text), false, new ScanBudget()).map(({ rule }) => rule);
}

test('every rule of the preset has a counterpart or a reason', () => {
  const theirs = creator.rules.map(({ meta }) =>
    meta.id.replace('@secretlint/secretlint-rule-', ''),
  );
  expect(Object.keys(COUNTERPARTS).sort()).toEqual([...theirs].sort());
});

const TOKEN = Buffer.from(
  JSON.stringify({ email: 'a@1passwordserviceaccounts.lcl', muk: { k: mixed(43) }, s: mixed(41) }),
).toString('base64');

/** As its own formats have them, which are narrower than ours in places. */
const THEIRS: readonly string[] = [
  `AKIA${upper(16)}`,
  `A key: ASIA${upper(16)} there`,
  `AWS_SECRET_ACCESS_KEY=${mixed(40)}`,
  `aws_secret_access_key => "${mixed(40)}"`,
  JSON.stringify({ private_key_id: hex(40), private_key: pem('', `MIIE${mixed(200)}`) }),
  pem('RSA ', `MIIE${mixed(400)}`),
  pem('OPENSSH ', `b3BlbnNzaC1rZXktdjEAAAAABG5vbmU${mixed(200)}`),
  `//registry.npmjs.org/:_authToken=${mixed(36)}`,
  `npm_${mixed(36)}`,
  `https://deploy:${mixed(20)}@git.internal.net/a`,
  ...(SAMPLES['slack-token'] ?? []),
  ...(SAMPLES['slack-webhook'] ?? []),
  ...(SAMPLES['sendgrid-key'] ?? []),
  ...(SAMPLES['shopify-token'] ?? []),
  ...(SAMPLES['github-token'] ?? []),
  ...(SAMPLES['github-fine-grained-token'] ?? []),
  ...(SAMPLES['openai-key'] ?? []),
  ...(SAMPLES['anthropic-key'] ?? []),
  ...(SAMPLES['linear-key'] ?? []),
  `ops_${TOKEN}`,
  `mongodb+srv://app:${mixed(14)}@cluster0.internal.net/db?retryWrites=true`,
  `jdbc:mysql://app:${mixed(14)}@db:3306/a`,
  `postgresql://app:${mixed(14)}@10.0.0.7:5432/a`,
];

describe('what secretlint finds, we find', () => {
  test.each(THEIRS.map((text, index) => [index, text] as const))('%i', async (_index, text) => {
    const theirs = await secretlint(text);
    const found = ours(text);
    for (const rule of theirs)
      expect([rule, found.some((id) => (COUNTERPARTS[rule] ?? []).includes(id))]).toEqual([
        rule,
        true,
      ]);
    expect(found).not.toEqual([]);
  });

  test('at least one sample for each of its rules', async () => {
    const seen = new Set((await Promise.all(THEIRS.map(secretlint))).flat());
    const expected = Object.keys(COUNTERPARTS).filter((rule) => rule !== 'filter-comments');
    expect([...seen].sort()).toEqual(expected.sort());
  });
});

test.each(NOT_OURS)('it finds and we do not: %s', async (_reason, text) => {
  expect((await secretlint(text)).length).toBeGreaterThan(0);
  expect(ours(text)).toEqual([]);
});
