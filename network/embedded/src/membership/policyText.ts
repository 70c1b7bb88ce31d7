import { common, msp } from '../wire/proto.js';

const { Classification } = msp.MSPPrincipal;
const ROLES = msp.MSPRole.MSPRoleType;
const ROLE_NUMBERS: Readonly<Record<string, number>> = {
  member: ROLES.MEMBER,
  admin: ROLES.ADMIN,
  client: ROLES.CLIENT,
  peer: ROLES.PEER,
  orderer: ROLES.ORDERER,
};

/**
 * Reads a signature policy in Fabric's words: `OR('A.peer', AND('B.peer', 'C.member'))`, `OutOf(2, ...)`. Throws an
 * Error that says where the text is wrong.
 */
export function parseSignaturePolicy(text: string): common.SignaturePolicyEnvelope {
  const parser = new Parser(text);
  const rule = parser.rule();
  parser.end();
  const envelope = new common.SignaturePolicyEnvelope();
  envelope.setRule(rule);
  envelope.setIdentitiesList(parser.principals());
  return envelope;
}

class Parser {
  readonly #text: string;
  readonly #tokens: string[];
  readonly #principals: string[] = [];

  constructor(text: string) {
    this.#text = text;
    this.#tokens = text.match(/'[^']*'|\w+|[(),]|\S/g) ?? [];
  }

  rule(): common.SignaturePolicy {
    const token = this.#next();
    if (token.startsWith("'")) return this.#signedBy(token.slice(1, -1));
    this.#expect('(');
    const gate = token.toLowerCase();
    let threshold: number | undefined;
    if (gate === 'outof') {
      threshold = Number(this.#next());
      this.#expect(',');
    }
    const rules = [this.rule()];
    while (this.#tokens[0] === ',') {
      this.#next();
      rules.push(this.rule());
    }
    this.#expect(')');
    if (gate === 'and') threshold = rules.length;
    if (gate === 'or') threshold = 1;
    if (threshold === undefined || !Number.isInteger(threshold) || threshold < 0 || threshold > rules.length) {
      throw this.#error(`'${token}' is not AND, OR or OutOf with a number up to ${rules.length}`);
    }
    return nOutOf(threshold, rules);
  }

  principals(): msp.MSPPrincipal[] {
    return this.#principals.map((each) => {
      const dot = each.lastIndexOf('.');
      const role = new msp.MSPRole();
      role.setMspIdentifier(each.slice(0, dot));
      role.setRole(ROLE_NUMBERS[each.slice(dot + 1)] as Parameters<typeof role.setRole>[0]);
      const principal = new msp.MSPPrincipal();
      principal.setPrincipalClassification(Classification.ROLE);
      principal.setPrincipal(role.serializeBinary());
      return principal;
    });
  }

  end(): void {
    if (this.#tokens.length > 0) throw this.#error(`unexpected '${this.#tokens[0]}'`);
  }

  #signedBy(principal: string): common.SignaturePolicy {
    const role = principal.slice(principal.lastIndexOf('.') + 1);
    if (!/^.+\..+$/.test(principal) || ROLE_NUMBERS[role] === undefined) {
      throw this.#error(`'${principal}' is not ORGANISATION.ROLE`);
    }
    if (!this.#principals.includes(principal)) this.#principals.push(principal);
    const rule = new common.SignaturePolicy();
    rule.setSignedBy(this.#principals.indexOf(principal));
    return rule;
  }

  #next(): string {
    const token = this.#tokens.shift();
    if (token === undefined) throw this.#error('it ends too early');
    return token;
  }

  #expect(token: string): void {
    const found = this.#next();
    if (found !== token) throw this.#error(`'${token}' expected, '${found}' found`);
  }

  #error(what: string): Error {
    return new Error(`signature policy "${this.#text}": ${what}`);
  }
}

function nOutOf(n: number, rules: common.SignaturePolicy[]): common.SignaturePolicy {
  const gate = new common.SignaturePolicy.NOutOf();
  gate.setN(n);
  gate.setRulesList(rules);
  const rule = new common.SignaturePolicy();
  rule.setNOutOf(gate);
  return rule;
}
