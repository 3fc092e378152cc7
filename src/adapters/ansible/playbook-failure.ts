const ERROR = /^(?:ERROR! |\[ERROR\]|fatal:)/;
const PLACE = /^The error appears to be in '(.+)': line (\d+), column (\d+)/;
const NO_YAML = /unable to read either as JSON nor YAML/;
const YAML_FAULT = 'Syntax Error while loading YAML.';

/**
 * Why Ansible ended, in a line: what it says first, and the place that it tells some lines below. Of a file that is no YAML it first
 * says that it is no JSON. Paths are relative to the folder of the playbooks.
 */
export function playbookFailure(tail: readonly string[], directory: string): string | undefined {
  const first = tail.find((line) => ERROR.test(line)) ?? tail.at(-1);
  if (first === undefined) return undefined;
  const said = NO_YAML.test(first) ? (yamlFault(tail) ?? first) : first;
  const [, path = '', line, column] = tail.flatMap((text) => PLACE.exec(text) ?? []);
  const place = path === '' ? '' : `${path}:${line}:${column}: `;
  return `${place}${said}`.replaceAll(`${directory}/`, '');
}

function yamlFault(tail: readonly string[]): string | undefined {
  const at = tail.indexOf(YAML_FAULT);
  return at < 0 ? undefined : `no YAML: ${tail[at + 1]?.trim() ?? ''}`;
}
