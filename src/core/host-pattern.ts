const MAX_LENGTH = 4096;

/** Whether a text can be a pattern of hosts: one line that names something. What it means is told when hosts are chosen. */
export function isHostPattern(text: string): boolean {
  return text.length <= MAX_LENGTH && !/\p{Cc}/u.test(text) && /[^\s,:]/.test(text);
}
