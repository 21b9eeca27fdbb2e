import { Document, isScalar, Scalar, visit } from 'yaml';
import { wrapWords } from '../model/clean-text.ts';

const WIDTH = 96;

/** Lines for a comment in YAML, Rego or a shell: nothing in them can end the comment. */
function commentLines(paragraphs: readonly string[]): readonly string[] {
  return paragraphs.flatMap((paragraph) => wrapWords(clean(paragraph), WIDTH));
}

/** A comment of `#` lines. */
export function hashComment(paragraphs: readonly string[]): string {
  return commentLines(paragraphs)
    .map((line) => `# ${line}\n`)
    .join('');
}

/** YAML 1.1 ends a line at more characters than JavaScript does. */
function clean(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, ' ');
}

/**
 * Documents of one YAML file, with a comment above. Strings are quoted, since Kubernetes reads YAML
 * 1.1, where `no` and `1:30` are not strings; a text of several lines is a literal block where YAML
 * can show it so.
 */
export function policyYaml(comment: readonly string[], documents: readonly unknown[]): string {
  const texts = documents.map((content) => {
    const document = new Document(content, { aliasDuplicateObjects: false });
    visit(document, {
      Scalar: (key, node) => {
        if (key === 'key' || !isScalar(node) || typeof node.value !== 'string') return;
        node.type = isBlock(node.value) ? Scalar.BLOCK_LITERAL : Scalar.QUOTE_DOUBLE;
      },
    });
    return document.toString({ lineWidth: 0 });
  });
  return `${hashComment(comment)}${texts.join('---\n')}`;
}

/** Printable lines, none of them odd enough for two readers of YAML to differ. */
function isBlock(text: string): boolean {
  return (
    /^(?:[\x21-\x7e][\x20-\x7e]*\n|\n)+$/.test(text.replace(/^ +/gm, '')) && !text.startsWith(' ')
  );
}
