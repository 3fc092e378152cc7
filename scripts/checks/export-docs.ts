import ts from 'typescript';

/** An export that no comment says anything about. */
export interface UndocumentedExport {
  readonly name: string;
  /** Counted from 1. */
  readonly line: number;
}

/** Exports of a module that have no doc comment; what is exported from elsewhere again is documented there. */
export function undocumentedExports(fileName: string, text: string): readonly UndocumentedExport[] {
  const source = ts.createSourceFile(fileName, text, ts.ScriptTarget.Latest, true);
  const documented = new Set<string>();
  const faults: UndocumentedExport[] = [];
  for (const statement of source.statements) {
    if (!isExported(statement)) continue;
    const name = nameOf(statement);
    // The doc of the first overload speaks for all of them.
    if (hasDoc(statement)) documented.add(name);
    else if (!documented.has(name)) faults.push({ name, line: lineOf(source, statement) });
  }
  return faults;
}

function isExported(statement: ts.Statement): boolean {
  if (!ts.canHaveModifiers(statement)) return false;
  return (
    ts.getModifiers(statement)?.some((modifier) => modifier.kind === ts.SyntaxKind.ExportKeyword) ?? false
  );
}

function hasDoc(statement: ts.Statement): boolean {
  return ts.getJSDocCommentsAndTags(statement).some((doc) => ts.isJSDoc(doc) && doc.comment !== undefined);
}

function nameOf(statement: ts.Statement): string {
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.map((declaration) => declaration.name.getText()).join(', ');
  }
  if (ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement)) {
    return statement.name?.text ?? 'default';
  }
  if (ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement))
    return statement.name.text;
  return ts.SyntaxKind[statement.kind];
}

function lineOf(source: ts.SourceFile, statement: ts.Statement): number {
  return source.getLineAndCharacterOfPosition(statement.getStart(source)).line + 1;
}
