import { describe, expect, it } from 'vitest';
import type { Caller, HttpAnswer } from '../../src/boot/http-world.ts';
import { digest, ip, mac } from '../builders.ts';
import { HttpFixture, reasonOf, textOf, tokenIn } from './http-fixture.ts';

async function booted(fixture: HttpFixture): Promise<Caller & { readonly token: string }> {
  const address = ip('10.77.0.11');
  return { address, token: tokenIn(textOf(await fixture.boot.answerScript('52-54-00-77-00-01', address))) };
}

describe('a report', () => {
  async function report(fixture: HttpFixture, fields: Record<string, string>): Promise<HttpAnswer> {
    const answer = await fixture.boot.recordMilestone(await booted(fixture), new URLSearchParams(fields));
    await fixture.facts.settled();
    return answer;
  }

  it('is recorded with its fields', async () => {
    const fixture = new HttpFixture();
    const fields = {
      milestone: 'layer-fetched',
      uptime: '3.25',
      subject: digest('3'),
      bytes: '1000',
      seconds: '0.5',
    };
    expect(await report(fixture, fields)).toEqual({ kind: 'noted' });
    expect(fixture.recorder.records.at(-1)).toEqual({
      mac: mac(),
      host: 'web01',
      fact: {
        kind: 'milestone',
        milestone: 'layer-fetched',
        uptime: 3.25,
        subject: digest('3'),
        bytes: 1000,
        seconds: 0.5,
      },
    });
  });

  it.each([
    [{}],
    [{ milestone: 'rooted' }],
    [{ milestone: 'healthy', uptime: '-1' }],
    [{ milestone: 'healthy', uptime: 'NaN' }],
    [{ milestone: 'healthy', uptime: '1e9' }],
    [{ milestone: 'healthy', bytes: '1.5' }],
    [{ milestone: 'healthy', bytes: '9'.repeat(400) }],
    [{ milestone: 'healthy', release: 'sha256:xyz' }],
    [{ milestone: 'healthy', release: digest('0') }],
  ])('is refused when it is %j (G12)', async (fields: Record<string, string>) => {
    const fixture = new HttpFixture();
    expect(reasonOf(await report(fixture, fields))).toBe('malformed');
    expect(fixture.recorder.facts.filter(({ kind }) => kind === 'milestone')).toEqual([]);
  });

  it('is cut, made printable, and rid of the token and of queries', async () => {
    const fixture = new HttpFixture();
    const caller = await booted(fixture);
    const fields = new URLSearchParams({
      milestone: 'failed',
      subject: `http://10.77.0.1/boot/env?token=${caller.token}`,
      detail: `fetch: \u001b[31m${caller.token}\n${'x'.repeat(10_000)}`,
    });
    await fixture.boot.recordMilestone(caller, fields);
    await fixture.facts.settled();
    const fact = fixture.recorder.facts.at(-1);
    if (fact?.kind !== 'milestone') throw new Error('No milestone');
    expect(fact.subject).toBe('http://10.77.0.1/boot/env');
    expect(fact.detail).toMatch(/^fetch: \\x1b\[31m\[token\]\\x0ax/);
    expect(fact.detail?.length).toBeLessThan(4200);
    expect(JSON.stringify(fact)).not.toContain(caller.token);
  });

  it('is one of at most 500 of a boot (G12)', async () => {
    const fixture = new HttpFixture();
    const caller = await booted(fixture);
    const fields = new URLSearchParams({ milestone: 'network-up' });
    for (let i = 0; i < 500; i++)
      expect((await fixture.boot.recordMilestone(caller, fields)).kind).toBe('noted');
    expect(reasonOf(await fixture.boot.recordMilestone(caller, fields))).toBe('too-many-events');
    fixture.clock.time += 10_000;
    expect((await fixture.boot.recordMilestone(await booted(fixture), fields)).kind).toBe('noted');
  });
});
