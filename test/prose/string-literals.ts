import ts from 'typescript';

/** A text of a source file that a person may read, on one line, and the line where it starts. */
export type Wording = { readonly line: number; readonly text: string };

/** Stands for a value that is only known at run time. */
const VALUE = 'VALUE';

/** Literals that only the program reads: module names, types, property names, compared values. */
function isForTheProgram(node: ts.Node): boolean {
  const { parent } = node;
  return (
    ts.isImportDeclaration(parent) ||
    ts.isExportDeclaration(parent) ||
    ts.isLiteralTypeNode(parent) ||
    ts.isExternalModuleReference(parent) ||
    (ts.isPropertyAssignment(parent) && parent.name === node) ||
    ts.isElementAccessExpression(parent) ||
    // `'a b c'.split(' ')`: a list of names.
    ts.isPropertyAccessExpression(parent) ||
    ts.isCaseClause(parent)
  );
}

/** The words of an expression: literals joined by `+` and templates are one text. */
function wording(node: ts.Node): string | undefined {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (ts.isTemplateExpression(node)) {
    return node.head.text + node.templateSpans.map((s) => VALUE + s.literal.text).join('');
  }
  if (ts.isJsxText(node)) return node.text.replace(/\s+/g, ' ');
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken) {
    const left = wording(node.left);
    const right = wording(node.right);
    if (left === undefined && right === undefined) return undefined;
    return (left ?? VALUE) + (right ?? VALUE);
  }
  return undefined;
}

/** What a template or a sum fills in: it may contain texts of its own. */
function fillings(node: ts.Node): readonly ts.Node[] {
  if (ts.isTemplateExpression(node)) {
    return node.templateSpans.map(({ expression }) => expression);
  }
  if (!ts.isBinaryExpression(node)) return [];
  return [node.left, node.right].flatMap((side) =>
    wording(side) === undefined ? [side] : fillings(side),
  );
}

/** True for a text of at least two words, at least one of them in lower case. */
function isProse(text: string): boolean {
  return /[A-Za-z]{2,}[,.:;)]? +[(“'"]?[A-Za-z]/.test(text) && /\b[a-z]{2,}\b/.test(text);
}

/**
 * The texts of a TypeScript file that a person may read: literals of two words or more, with
 * VALUE for what is filled in. Regular expressions, keys, types and module names are left out.
 */
export function stringLiterals(source: string, fileName = 'source.tsx'): readonly Wording[] {
  const file = ts.createSourceFile(fileName, source, ts.ScriptTarget.Latest, true);
  const found: Wording[] = [];
  const visit = (node: ts.Node): void => {
    const text = wording(node);
    if (text === undefined || isForTheProgram(node)) {
      ts.forEachChild(node, visit);
      return;
    }
    if (isProse(text)) {
      found.push({ line: file.getLineAndCharacterOfPosition(node.getStart()).line + 1, text });
    }
    fillings(node).forEach(visit);
  };
  visit(file);
  return found;
}
