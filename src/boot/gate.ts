import type { BootFact } from '../core/event.ts';
import type { BootGrant } from '../ports/token-store.ts';
import type { Facts } from './facts.ts';
import type { BootTokens, GrantCheck } from './grant.ts';
import { type Caller, type HttpAnswer, refused } from './http-world.ts';

/** What {@link Gate} is made of. */
export interface GateOptions {
  readonly tokens: BootTokens;
  readonly facts: Facts;
}

/** A grant and the token that opened it. */
export interface Admission {
  readonly grant: BootGrant;
  readonly token: string;
}

/** Lets through who shows a good token from the address it was given to; of others goes on record what is known. */
export class Gate {
  readonly #options: GateOptions;

  constructor(options: GateOptions) {
    this.#options = options;
  }

  /** Answer a caller with a good token; refuse any other. */
  async admit(caller: Caller, answer: (admission: Admission) => Promise<HttpAnswer>): Promise<HttpAnswer> {
    if (caller.token === undefined) return refused('no-token');
    const check = await this.#options.tokens.check(caller.token, caller.address);
    if (check.kind === 'ok') return answer({ grant: check.grant, token: caller.token });
    return this.#refuse(check, caller);
  }

  /** Put a fact into the record of the host that the grant is for. */
  note({ mac, host }: BootGrant, fact: BootFact): void {
    this.#options.facts.note({ mac, host }, fact);
  }

  #refuse(check: Exclude<GrantCheck, { readonly kind: 'ok' }>, caller: Caller): HttpAnswer {
    switch (check.kind) {
      case 'unknown':
        return refused('token-unknown');
      case 'expired':
        this.note(check.grant, { kind: 'ignored', why: 'boot token has expired' });
        return refused('token-expired');
      case 'wrong-address': {
        const why = `boot token of ${check.grant.address} shown from ${caller.address ?? 'elsewhere'}`;
        this.note(check.grant, { kind: 'ignored', why });
        return refused('token-of-other-address');
      }
    }
  }
}
