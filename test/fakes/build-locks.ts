import { AppError } from '../../src/core/errors.ts';
import type { BuildLocks, HeldLock, LockName, LockRequest } from '../../src/ports/build-locks.ts';

interface Holder {
  readonly purpose: string;
  readonly shared: boolean;
}

/** Locks within one test. */
export class FakeBuildLocks implements BuildLocks {
  readonly held = new Map<LockName, Holder[]>();
  private waiting: (() => void)[] = [];

  async take(name: LockName, request: LockRequest): Promise<HeldLock> {
    for (let told = false; ; told = true) {
      request.wait?.signal.throwIfAborted();
      const holders = this.held.get(name) ?? [];
      const shared = request.shared === true;
      if (holders.every((holder) => holder.shared && shared)) {
        const holder = { purpose: request.purpose, shared };
        this.held.set(name, [...holders, holder]);
        return { release: () => this.release(name, holder) };
      }
      const reason = `it is locked by ${holders[0]?.purpose}`;
      if (request.wait === undefined)
        throw new AppError('busy', `Cannot begin ${request.purpose}: ${reason}`);
      if (!told) request.wait.told(`Cannot begin ${request.purpose} yet: ${reason}; waiting`);
      const { signal } = request.wait;
      await new Promise<void>((resolve) => {
        this.waiting.push(resolve);
        signal.addEventListener('abort', () => resolve());
      });
    }
  }

  private release(name: LockName, holder: Holder): Promise<void> {
    const left = (this.held.get(name) ?? []).filter((one) => one !== holder);
    if (left.length === 0) this.held.delete(name);
    else this.held.set(name, left);
    for (const wake of this.waiting.splice(0)) wake();
    return Promise.resolve();
  }
}
