/**
 * Whether a text is safe and sane as the name of a branch or tag: git takes it for no option, range, or other revision
 * (git-check-ref-format(1), and no `@`, which separates branch and playbook in the name of a stage).
 */
export function isBranchName(text: string): boolean {
  const isClean = /^[A-Za-z0-9_][A-Za-z0-9._/+#=-]{0,199}$/.test(text);
  return isClean && !/\.\.|\/\/|\/\.|\.lock(?:\/|$)|[./]$/.test(text);
}
