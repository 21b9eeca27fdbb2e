import { Ajv } from 'ajv';
import addFormatsModule from 'ajv-formats';
import { yamlTable } from '../fakes/table.ts';

const ajv = new Ajv({ allErrors: true });
addFormatsModule.default(ajv);

/**
 * Judges a log by the rules of SARIF 2.1.0 for the fields that we write (OASIS, sections 3.13 to
 * 3.58). Stricter than the OASIS schema, which no package that is kept ships and whose text is not
 * ours to commit: any other field is an error. docs/reports.md says how to check with the official
 * one.
 */
export const validate = ajv.compile(yamlTable('test/report/sarif-schema.yaml') as object);
