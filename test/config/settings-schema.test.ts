import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import SCHEMA from '../../schema/scoville-config-1.json' with { type: 'json' };
import { parseSettings } from '../../src/config/parse-settings.ts';

/** YAML that both the parser and the schema must judge alike. */
const GOOD = [
  '{}',
  'image: { title: x, annotations: { a.b: c } }',
  'gate: { minLevel: 3, minGrade: A+, waivers: [{ criterion: sbom, reason: r }] }',
  'registries: { "LOCALHOST:5000": { plainHttp: true } }',
  'attest: { sbom: [] }',
  'trust: { images: ["a/*"], keys: [k] }',
  'trust: { identities: [{ subject: a@b, issuer: "https://i" }], trustedRoot: r.json }',
  'reproducible: { drop: ["**/x"], empty: ["a b"], time: { "a/**": epoch, b: "2020-01-02T03:04:05Z" } }',
];
const BAD = [
  'extra: 1',
  'image: { title: 3 }',
  'image: { title: "" }',
  'image: { source: "git@host:x" }',
  'sign: { fulcioUrl: "https://u:p@host" }',
  'trust: { identities: [a@b] }',
  'gate: { minLevel: 6 }',
  'gate: { minGrade: E }',
  'gate: { waivers: [{ criterion: x }] }',
  'registries: { "a b": { plainHttp: true } }',
  'registries: { a: { tokenServer: "https://b" } }',
  'attest: { sbom: [swid] }',
  'secrets: { files: [relative] }',
  'recentDays: 0',
  'reproducible: { drop: [""] }',
  'reproducible: { time: { a: yesterday } }',
  'reproducible: { time: { "": epoch } }',
  'reproducible: { time: { a: "2020-13-01" } }',
];

describe('the schema for editors', () => {
  const validate = new Ajv2020({ strict: false }).compile(SCHEMA);

  test.each([...GOOD.map((t) => [t, true] as const), ...BAD.map((t) => [t, false] as const)])(
    'agrees with the parser: %s is %s',
    async (text, good) => {
      const parsed = await parseSettings(text, { file: 'f', now: 0 });
      expect({ parser: parsed.ok, schema: validate(parse(text)) }).toEqual({
        parser: good,
        schema: good,
      });
    },
  );
});
