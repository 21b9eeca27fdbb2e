import { Ajv } from 'ajv';
import addFormatsModule from 'ajv-formats';

const text = { type: 'string', minLength: 1 } as const;
const place = { type: 'integer', minimum: 1 } as const;
const uri = { type: 'string', format: 'uri' } as const;
const level = { enum: ['none', 'note', 'warning', 'error'] } as const;
const bag = { type: 'object' } as const;

function closed(properties: object, required: readonly string[] = []): object {
  return { type: 'object', properties, required, additionalProperties: false };
}

function list(items: object): object {
  return { type: 'array', items };
}

const message = closed({ text }, ['text']);
const help = closed({ text, markdown: text }, ['text']);

const rule = closed(
  {
    id: text,
    name: text,
    shortDescription: help,
    fullDescription: help,
    help,
    helpUri: uri,
    defaultConfiguration: closed({ level }),
    properties: {
      type: 'object',
      properties: { tags: { ...list(text), uniqueItems: true } },
    },
  },
  ['id'],
);

/** 3.30: a line is there, a column needs one, and nothing ends before it begins. */
const region = closed(
  {
    startLine: place,
    startColumn: place,
    endLine: place,
    endColumn: place,
    snippet: closed({ text }),
  },
  ['startLine'],
);

const location = closed({
  physicalLocation: closed(
    {
      artifactLocation: closed(
        { uri: { type: 'string', format: 'uri-reference' }, uriBaseId: text },
        ['uri'],
      ),
      region,
    },
    ['artifactLocation'],
  ),
  logicalLocations: list(closed({ fullyQualifiedName: text, kind: text })),
});

const result = closed(
  {
    ruleId: text,
    ruleIndex: { type: 'integer', minimum: -1 },
    level,
    message,
    locations: list(location),
    partialFingerprints: { type: 'object', additionalProperties: text },
    suppressions: {
      ...list(
        closed(
          {
            kind: { enum: ['inSource', 'external'] },
            status: { enum: ['accepted', 'underReview', 'rejected'] },
            justification: { type: 'string' },
          },
          ['kind'],
        ),
      ),
      uniqueItems: true,
    },
    properties: bag,
  },
  ['message'],
);

const run = closed(
  {
    tool: closed(
      {
        driver: closed(
          {
            name: text,
            version: text,
            semanticVersion: text,
            rules: { ...list(rule), uniqueItems: true },
          },
          ['name'],
        ),
      },
      ['driver'],
    ),
    automationDetails: closed({ id: text }),
    originalUriBaseIds: {
      type: 'object',
      additionalProperties: closed({ description: message }),
    },
    invocations: list(
      closed(
        {
          executionSuccessful: { type: 'boolean' },
          endTimeUtc: { type: 'string', format: 'date-time' },
          toolExecutionNotifications: list(closed({ level, message }, ['message'])),
        },
        ['executionSuccessful'],
      ),
    ),
    results: list(result),
    columnKind: { enum: ['utf16CodeUnits', 'unicodeCodePoints'] },
    properties: bag,
  },
  ['tool'],
);

const ajv = new Ajv({ allErrors: true });
addFormatsModule.default(ajv);

/**
 * Judges a log by the rules of SARIF 2.1.0 for the fields that we write (OASIS, sections 3.13 to
 * 3.58). Stricter than the OASIS schema, which no package that is kept ships and whose text is not
 * ours to commit: any other field is an error. docs/reports.md says how to check with the official
 * one.
 */
export const validate = ajv.compile(
  closed({ $schema: uri, version: { const: '2.1.0' }, runs: list(run) }, ['version', 'runs']),
);
