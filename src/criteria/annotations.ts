import { ownValue } from '../lib/json.ts';
import type { Evidence } from '../model/criterion.ts';
import type { ImageFact } from '../model/facts.ts';
import type { FixInput, FixPlan, FixRule } from '../model/fix.ts';
import { configEvidence, criterion, fail, note, pass } from './criterion.ts';
import { fromOf, inImage, linesBehind, NOTHING, proposed, quoted, together } from './edit-text.ts';
import { beginning, type CheckedRule, instructionsOf } from './lint-rule.ts';
import { parseTimestamp } from './recently-updated.ts';

const PREFIX = 'org.opencontainers.image.';
const REPOSITORY_SCHEMES = new Set(['https:', 'http:', 'git:', 'ssh:', 'git+https:', 'git+ssh:']);

/** Characters that no URL contains (RFC 3986): the parser would drop or rewrite them. */
const NO_URL = /[\s<>"\\^`{|}\p{Cc}\p{Cf}]/u;

function isUrl(text: string): boolean {
  if (NO_URL.test(text) || !URL.canParse(text)) return false;
  const { protocol, host, password } = new URL(text);
  return REPOSITORY_SCHEMES.has(protocol) && host !== '' && password === '';
}

/** What an image must say: one of the keys, in the right form (OCI image-spec, annotations.md). */
const REQUIRED = [
  {
    keys: ['created'],
    expects: 'an RFC 3339 timestamp',
    isWellFormed: (v: string) => parseTimestamp(v) !== undefined,
  },
  { keys: ['source'], expects: 'a URL without a password', isWellFormed: isUrl },
  {
    keys: ['authors', 'vendor'],
    expects: 'a name',
    isWellFormed: (v: string) => /[\p{L}\p{N}]/u.test(v),
  },
] as const;

interface Place {
  readonly where: string;
  readonly key: string;
  readonly value: string;
}

function valuesOf(image: ImageFact, keys: readonly string[]): Place[] {
  const { index, manifest, labels } = image.annotations;
  const places = { manifest, index, label: labels };
  return Object.entries(places).flatMap(([where, values]) =>
    keys.flatMap((name) => {
      const key = PREFIX + name;
      const value = ownValue(values, key);
      return value === undefined ? [] : [{ where, key, value }];
    }),
  );
}

/** In the summary, where it does not say who made the image, or where its source is. */
export const AUTHORS_MISSING = 'authors or vendor is missing';
export const SOURCE_MISSING = 'source is missing';

export const annotations = criterion({
  id: 'annotations',
  title: 'Annotations',
  vector: 'configuration',
  level: 3,
  spec: '#add-annotations',
  why: 'Annotations say where an image comes from, which commit it was built from and who maintains it.',
  needs: ['image'],
  decidedBy:
    'The image carries the OCI annotations `created` (RFC 3339), `source` (a URL) and one of ' +
    '`authors` or `vendor`, each with a well-formed value. They may be on the manifest, on ' +
    'the index, or labels of the same name. Other labels do not count. Missing and malformed ' +
    'ones are named.',
  check: ({ image }) => {
    const flaws: string[] = [];
    const evidence: Evidence[] = [];
    for (const { keys, expects, isWellFormed } of REQUIRED) {
      const found = valuesOf(image, keys);
      const good = found.find(({ value }) => isWellFormed(value));
      const name = keys.join(' or ');
      if (good !== undefined) evidence.push(configEvidence(good.key, good.value, good.where));
      else if (found.length === 0) {
        flaws.push(`${name} is missing`);
        evidence.push(note(`${PREFIX}${name} is missing`));
      } else {
        flaws.push(`${name} is not ${expects}`);
        evidence.push(
          ...found.map((p) => configEvidence(p.key, p.value, `${p.where}: not ${expects}`)),
        );
      }
    }
    return flaws.length === 0
      ? pass('created, source and author are set', evidence)
      : fail(flaws.join('; '), evidence);
  },
  remedies: [
    {
      title: 'Add the OCI annotations',
      detail:
        'Build with scoville, which takes created and source from git and the rest from .scoville.yaml, or give buildx --annotation for each.',
      example: 'image:\n  vendor: Example Ltd',
    },
  ],
});

function plan(input: FixInput): FixPlan {
  const { model, source, facts } = input;
  const from = fromOf(input, model.target);
  const { repository } = facts;
  const has = inImage(input).some(
    ({ keyword, instruction }) =>
      keyword === 'LABEL' &&
      instruction.arguments.some((word) =>
        word.replace(/["']/g, '').startsWith(`${PREFIX}source=`),
      ),
  );
  if (from === undefined || repository === undefined || has) return NOTHING;
  return proposed(from, {
    key: 'source',
    title: `Say where the source is: ${repository}`,
    why:
      'Registries link to it, and users of the image find its source. scoville build sets it ' +
      'automatically; other builders read it here',
    risk: 'none',
    riskReason: 'metadata only',
    edits: [
      linesBehind(source, from, [`LABEL ${PREFIX}source=${quoted(repository, source.escape)}`]),
    ],
  });
}

export const sourceLabel: FixRule = {
  id: 'source-label',
  title: 'Say where the source is',
  criterion: 'annotations',
  needs: ['git'],
  plan,
};

export const maintainerDeprecated: CheckedRule = {
  id: 'maintainer-deprecated',
  title: 'Authors by label',
  level: 'info',
  help: 'MAINTAINER has been deprecated since Docker 1.13, and no tool reads it. The criterion `annotations` looks for the OCI key.',
  remedy: 'LABEL org.opencontainers.image.authors="..."',
  bad: 'FROM alpine:3.22\nMAINTAINER someone@example.com\n',
  good: 'FROM alpine:3.22\nLABEL org.opencontainers.image.authors="someone@example.com"\n',
  check: ({ stages }) =>
    instructionsOf(stages, 'MAINTAINER').map(({ keyword, range }) => ({
      range: beginning(range, keyword.length),
      message: 'MAINTAINER is deprecated and read by no tool',
    })),
};

export const maintainer: FixRule = {
  id: 'maintainer',
  title: 'Name the authors by label',
  criterion: 'annotations',
  lint: 'maintainer-deprecated',
  needs: [],
  plan: ({ source }) =>
    together(
      source.instructions
        .filter(({ keyword, instruction }) => keyword === 'MAINTAINER' && instruction !== undefined)
        .map((found) => {
          const name = found.text.slice(found.argumentsAt).trim();
          const text = `LABEL ${PREFIX}authors=${quoted(name, source.escape)}`;
          return proposed(found, {
            key: 'authors',
            title: `Name ${name} as author by label`,
            why: 'MAINTAINER is deprecated and no tool reads it',
            risk: 'none',
            riskReason: 'metadata only',
            edits: [{ ...found.place(0, found.text.length), text }],
          });
        }),
    ),
};
