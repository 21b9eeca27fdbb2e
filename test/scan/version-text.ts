import fc from 'fast-check';

const WORDS = 'a alpha b beta rc RC pre dev post p final ga sp SNAPSHOT git r'.split(' ');
const MARKS = ['.', '.', '.', '-', '_', '~', '+', '^', ':', '!', ''];

/** Texts that look like versions, and some that do not. */
export const versionText = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .array(
        fc.tuple(
          fc.constantFrom(...MARKS),
          fc.oneof(
            { weight: 3, arbitrary: fc.constantFrom('0', '1', '2', '9', '10', '01', '00') },
            { weight: 1, arbitrary: fc.constantFrom(...WORDS) },
          ),
        ),
        { minLength: 1, maxLength: 6 },
      )
      .map((parts) => parts.map(([mark, part], i) => (i === 0 ? part : mark + part)).join('')),
  },
  { weight: 1, arbitrary: fc.string({ maxLength: 8 }) },
);
