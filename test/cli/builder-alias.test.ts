import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  readBuilderAlias,
  withBuilderAlias,
  withoutBuilderAlias,
} from '../../src/cli/plugin-install.ts';

/** Sets the alias and takes it back, as install and uninstall do. */
function thereAndBack(text: string): { readonly set: string; readonly back: string } {
  const before = readBuilderAlias(text);
  if (!before.ok) throw new Error(before.error);
  const set = withBuilderAlias(text, 'scovillebuilder');
  if (!set.ok) throw new Error(set.error);
  const back = withoutBuilderAlias(set.value, before.value);
  if (!back.ok) throw new Error(back.error);
  return { set: set.value, back: back.value };
}

describe('aliases.builder in the text of config.json', () => {
  test.each([
    { name: 'nothing', text: '{}', set: '{"aliases": {"builder":"scovillebuilder"}}' },
    {
      name: "Docker's own form",
      text: '{\n\t"auths": {\n\t\t"r": {}\n\t},\n\t"x": [1,  2]\n}',
      set: '{\n\t"auths": {\n\t\t"r": {}\n\t},\n\t"x": [1,  2],"aliases": {"builder":"scovillebuilder"}\n}',
    },
    {
      name: 'one line',
      text: '{"a":1}\n',
      set: '{"a":1,"aliases": {"builder":"scovillebuilder"}}\n',
    },
    {
      name: 'lines that end as on Windows',
      text: '{\r\n  "a": 1\r\n}\r\n',
      set: '{\r\n  "a": 1,"aliases": {"builder":"scovillebuilder"}\r\n}\r\n',
    },
    {
      name: 'another builder, with its escapes',
      text: '{"aliases": { "builder" : "b\\u0075ildx" }, "a": 1}',
      set: '{"aliases": { "builder" : "scovillebuilder" }, "a": 1}',
    },
    {
      name: 'no aliases in aliases',
      text: '{"aliases": { }}',
      set: '{"aliases": {"builder": "scovillebuilder" }}',
    },
    {
      name: 'other aliases',
      text: '{\n  "aliases": {\n    "x": "y"\n  }\n}',
      set: '{\n  "aliases": {\n    "x": "y","builder": "scovillebuilder"\n  }\n}',
    },
  ])('$name', ({ text, set }) => {
    expect(thereAndBack(text)).toEqual({ set, back: text });
  });

  test('any JSON comes back byte for byte, and means the same but for the alias', () => {
    const value = fc.dictionary(
      fc.oneof(fc.string(), fc.constant('aliases')),
      fc.jsonValue({ maxDepth: 2 }),
    );
    const indent = fc.constantFrom(undefined, 1, 2, 4, '\t');
    fc.assert(
      fc.property(value, indent, (given, space) => {
        const { aliases, ...rest } = given;
        const isObject = typeof aliases === 'object' && aliases !== null && !Array.isArray(aliases);
        const config = isObject ? given : rest;
        const text = JSON.stringify(config, undefined, space);
        const { set, back } = thereAndBack(text);
        expect(back).toBe(text);
        // As it is written: JSON has no -0.
        const inText = JSON.parse(text) as { readonly aliases?: object };
        expect(JSON.parse(set)).toEqual({
          ...inText,
          aliases: { ...(isObject ? inText.aliases : {}), builder: 'scovillebuilder' },
        });
      }),
      // Found once, when the test compared with what it had not written as text.
      { examples: [[{ aliases: { x: -0 }, y: -0 }, undefined]] },
    );
  });

  test('what Docker wrote since stays, also in another form', () => {
    const since =
      '{\n\t"aliases": {\n\t\t"builder": "scovillebuilder"\n\t},\n\t"credsStore": "x"\n}';
    expect(withoutBuilderAlias(since, { aliases: false, builder: undefined })).toEqual({
      ok: true,
      value: '{"credsStore": "x"\n}',
    });
  });

  test.each([
    ['', 'line 1, column 1: value expected'],
    ['[]', 'line 1, column 1: it is not a JSON object'],
    ['{\n  "a": 1,\n}', 'line 3, column 1: property name expected'],
    ['{"a": 1 /* x */}', 'line 1, column 9: invalid comment token'],
    ['{"aliases": "x"}', 'line 1, column 13: "aliases" is not an object'],
    ['{"aliases": {}, "aliases": {}}', 'line 1, column 17: "aliases" is there twice'],
    [
      '{"aliases": {"builder": "a", "builder": "b"}}',
      'line 1, column 30: "builder" is there twice',
    ],
  ])('%j is refused', (text, error) => {
    expect(readBuilderAlias(text)).toEqual({ ok: false, error });
    expect(withBuilderAlias(text, 'x')).toEqual({ ok: false, error });
  });
});
