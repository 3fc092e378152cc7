import type { KeyMaker, SshKeyPair, SshKeyType } from '../../src/ports/key-maker.ts';

/** Makes key pairs that are no keys but tell one from the other. */
export class FakeKeyMaker implements KeyMaker {
  made = 0;
  /** How many were under way at once. */
  most = 0;
  #underWay = 0;

  async sshHostKey(type: SshKeyType, comment: string): Promise<SshKeyPair> {
    this.#underWay++;
    this.most = Math.max(this.most, this.#underWay);
    await new Promise((resolve) => setImmediate(resolve));
    this.#underWay--;
    const number = ++this.made;
    return {
      privateKey: Buffer.from(`private ${type} key ${number}\n`),
      publicKey: Buffer.from(`${type} key ${number} ${comment}\n`),
    };
  }
}
