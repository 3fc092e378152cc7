import { answerDhcp } from '../boot/answer-dhcp.ts';
import type { DhcpCounts } from '../boot/dhcp-counts.ts';
import type { DhcpAnswer, DhcpWorld } from '../boot/dhcp-turn.ts';
import type { DhcpRequest } from '../boot/request.ts';

/** Answers DHCP messages in a world and counts them; one function for the real world and for a rehearsal's, so compiled once. */
export function answering(world: DhcpWorld, counts: DhcpCounts) {
  return async (request: DhcpRequest): Promise<DhcpAnswer> => {
    const answer = await answerDhcp(request, world);
    counts.count(request.packet, answer);
    return answer;
  };
}
