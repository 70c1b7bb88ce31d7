import type { ChannelKind, Role } from '@consilium/domain';
import { apiUrl } from './gatewayPart.js';
import type { NetworkLayout } from './networkLayout.js';
import { TOKEN_HOLDERS } from './pki/hospitalPki.js';

/** How a hospital's people reach its gateway. */
export interface GatewayAddress {
  readonly msp: string;
  readonly name: string;
  readonly apiUrl: string;
  /** Certificate of the CA that signed the gateway's TLS certificate. */
  readonly caFile: string;
  /** File of each person's token, by the person's role. */
  readonly tokens: Readonly<Record<string, string>>;
}

/** `<home>/addresses.json`: what a program over HTTP needs to act as any of the people. */
export interface NetworkAddresses {
  readonly channel: ChannelKind;
  /** From nothing running to every gateway up. */
  readonly setupSeconds: number;
  readonly gateways: readonly {
    readonly msp: string;
    readonly name: string;
    readonly apiUrl: string;
    readonly caFile: string;
    readonly people: Readonly<Record<string, { readonly tokenFile: string }>>;
  }[];
}

/** The gateways of a layout, in the topology's order. */
export function gatewayAddresses(layout: NetworkLayout): GatewayAddress[] {
  return layout.hospitals.map(({ msp, name }) => {
    const folder = layout.home.hospital(msp);
    return {
      msp,
      name,
      apiUrl: apiUrl(layout, msp),
      caFile: folder.tlsAuthority.certificate,
      tokens: Object.fromEntries(TOKEN_HOLDERS.map((role: Role) => [role, folder.token(role)])),
    };
  });
}

export function networkAddresses(
  channel: ChannelKind,
  setupSeconds: number,
  gateways: readonly GatewayAddress[],
): NetworkAddresses {
  return {
    channel,
    setupSeconds,
    gateways: gateways.map(({ tokens, ...gateway }) => ({
      ...gateway,
      people: Object.fromEntries(Object.entries(tokens).map(([role, tokenFile]) => [role, { tokenFile }])),
    })),
  };
}
