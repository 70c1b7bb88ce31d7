import { peer } from '@hyperledger/fabric-protos';
import type { ChaincodePackage } from '../../chaincodePackage.js';
import type { PeerAccess } from '../../peerAccess.js';

const { ChannelQueryResponse } = peer;
const { InstallChaincodeArgs, InstallChaincodeResult, QueryInstalledChaincodesArgs, QueryInstalledChaincodesResult } =
  peer.lifecycle;

/** What a hospital's admin asks of its own peer, outside the channel: to join one, and to install chaincode. */
export class PeerAdmin {
  readonly #access: PeerAccess;

  constructor(access: PeerAccess) {
    this.#access = access;
  }

  async hasJoined(): Promise<boolean> {
    const answer = ChannelQueryResponse.deserializeBinary(await this.#access.administer('cscc', 'GetChannels'));
    return answer.getChannelsList().some((channel) => channel.getChannelId() === this.#access.channel);
  }

  async join(genesis: Buffer): Promise<void> {
    await this.#access.administer('cscc', 'JoinChain', genesis);
  }

  async hasInstalled(packageId: string): Promise<boolean> {
    const query = new QueryInstalledChaincodesArgs().serializeBinary();
    const answer = await this.#access.administer('_lifecycle', 'QueryInstalledChaincodes', query);
    const installed = QueryInstalledChaincodesResult.deserializeBinary(answer).getInstalledChaincodesList();
    return installed.some((each) => each.getPackageId() === packageId);
  }

  /** @throws Error if the peer gives the package another id than this launcher computed. */
  async install({ archive, packageId }: ChaincodePackage): Promise<void> {
    const args = new InstallChaincodeArgs();
    args.setChaincodeInstallPackage(archive);
    const answer = await this.#access.administer('_lifecycle', 'InstallChaincode', args.serializeBinary());
    const given = InstallChaincodeResult.deserializeBinary(answer).getPackageId();
    if (given !== packageId) throw new Error(`the peer calls the package ${given}, not ${packageId}`);
  }
}
