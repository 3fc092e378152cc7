// `as` is a promise that the compiler cannot check, so it may stand only where a value is checked or made:
// in `as const`, in functions named parse…, decode… or is…, in a function whose declared result is that very type,
// and for a literal that is a constant of its module.

const CHECKER = /^(?:parse|decode|is)(?:[A-Z]|$)/;

function nameOf(node) {
  return node.id?.name ?? node.parent?.id?.name ?? node.parent?.key?.name ?? '';
}

function isFunction(node) {
  return /Function/.test(node.type);
}

function isModuleConstant(node) {
  return (
    node.parent.type === 'VariableDeclarator' && /^(?:Program|Export)/.test(node.parent.parent.parent.type)
  );
}

/** An ESLint rule that allows `as` only in checkers and makers. */
export const casts = {
  meta: {
    type: 'problem',
    docs: {
      description:
        'allow "as" only in "as const", in parse…, decode… and is… functions, and in makers of that type',
    },
    messages: { cast: '"as {{type}}" may stand only in a parse… function or in the maker of that type' },
    schema: [],
  },
  create(context) {
    const { sourceCode } = context;
    return {
      TSAsExpression(node) {
        const type = sourceCode.getText(node.typeAnnotation);
        // A literal that is a name by definition, such as the channel every image has.
        if (type === 'const' || (node.expression.type === 'Literal' && isModuleConstant(node))) return;
        for (let at = node.parent; at; at = at.parent) {
          if (!isFunction(at)) continue;
          const result = at.returnType ? sourceCode.getText(at.returnType) : '';
          if (CHECKER.test(nameOf(at)) || result.includes(type)) return;
        }
        context.report({ node, messageId: 'cast', data: { type } });
      },
    };
  },
};
