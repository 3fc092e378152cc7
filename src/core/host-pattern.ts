const MAX_LENGTH = 4096;

/** Whether a text can be a pattern of hosts: one line of parts that each name something. What it means is told when hosts are chosen. */
export function isHostPattern(text: string): boolean {
  if (text.length > MAX_LENGTH || /\p{Cc}/u.test(text)) return false;
  const parts = text.split(/[,:]/).map((part) => part.trim());
  // Ansible ends with a fault of its own at a sign without a name, and takes `~`, a regular expression, for all hosts.
  return parts.some((part) => part !== '') && !parts.some((part) => /^[!&~]+$/.test(part));
}
