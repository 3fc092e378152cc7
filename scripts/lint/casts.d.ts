import type { Rule } from 'eslint';

/** An ESLint rule that allows `as` only in checkers and makers. */
export declare const casts: Rule.RuleModule;
