import ts from 'typescript';

/** A message of an AppError that breaks the rules for messages. */
export interface MessageFault {
  /** Counted from 1. */
  readonly line: number;
  readonly message: string;
  readonly why: string;
}

/** Messages given literally to `new AppError(code, message)` that do not start upper-case, or end with a full stop. */
export function errorMessageFaults(fileName: string, text: string): readonly MessageFault[] {
  const source = ts.createSourceFile(fileName, text, ts.ScriptTarget.Latest, true);
  const faults: MessageFault[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isNewExpression(node) && node.expression.getText(source) === 'AppError') {
      const message = literalText(node.arguments?.[1]);
      const why = message === undefined ? undefined : faultOf(message);
      if (message !== undefined && why !== undefined) {
        faults.push({
          line: source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1,
          message,
          why,
        });
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return faults;
}

function literalText(node: ts.Expression | undefined): string | undefined {
  if (node === undefined) return undefined;
  if (ts.isStringLiteralLike(node)) return node.text;
  if (!ts.isTemplateExpression(node)) return undefined;
  return node.head.text + node.templateSpans.map((span) => `\${…}${span.literal.text}`).join('');
}

function faultOf(message: string): string | undefined {
  if (/^[a-z]/.test(message)) return 'starts with a lower-case letter';
  if (message.endsWith('.')) return 'ends with a full stop';
  return message.includes('\n') ? 'has more than one line' : undefined;
}
