import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
// The specification's own schema, draft 4, with the validator that the package brings for it.
const fromPackage = createRequire(require.resolve('@microsoft/jest-sarif'));
type Validator = ((value: unknown) => boolean) & { errors?: unknown };
const Ajv = fromPackage('ajv') as new (options: object) => {
  addMetaSchema(schema: unknown): void;
  compile(schema: unknown): Validator;
};
const ajv = new Ajv({ schemaId: 'auto', allErrors: true, unknownFormats: 'ignore' });
ajv.addMetaSchema(fromPackage('ajv/lib/refs/json-schema-draft-04.json'));
const SCHEMA = fromPackage.resolve('@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json');

/** Judges a log by the schema of SARIF 2.1.0. */
export const validate = ajv.compile(JSON.parse(readFileSync(SCHEMA, 'utf8')));
