import type { ChannelCredentials, ClientDuplexStream } from '@grpc/grpc-js';
import {
  CHAINCODE_REDIAL_MS_MAX,
  CHAINCODE_REDIAL_MS_MIN,
  CHAINCODE_REGISTER_MS_MAX,
  EXECUTE_MS_MAX,
  MESSAGE_BYTES_MAX,
} from '../limits.js';
import { buffer } from '../wire/bytes.js';
import { decode, encode, peer } from '../wire/proto.js';

const Type = peer.ChaincodeMessage.Type;
const TYPE_NAMES = new Map(Object.entries(Type).map(([name, value]) => [value as number, name]));

/** One call of a chaincode. */
export interface ChaincodeCall {
  readonly channelId: string;
  readonly transactionId: string;
  readonly input: peer.ChaincodeInput;
  /** As the client sent it: the chaincode library reads creator, time and transient map from it. */
  readonly proposal: peer.SignedProposal;
  /** Answers a request of the stub; undefined for a message that is none. Throws what the stub call shall throw. */
  answer(type: number, payload: Uint8Array): Buffer | undefined;
}

/** What a chaincode made of a call. */
export interface ChaincodeOutcome {
  readonly response: peer.Response;
  readonly event: peer.ChaincodeEvent | undefined;
}

type Stream = ClientDuplexStream<peer.ChaincodeMessage, peer.ChaincodeMessage>;

interface RunningCall extends ChaincodeCall {
  /** A request is being answered: the library never has two outstanding. */
  settle(outcome: ChaincodeOutcome | Error): void;
}

/** Where a chaincode process listens. */
export interface ChaincodeAddress {
  readonly packageId: string;
  readonly address: string;
  readonly credentials: ChannelCredentials;
}

/**
 * A peer's connection to its chaincode process (chaincode as a service: the peer dials). It dials whenever it has no
 * stream, so that a process which starts late, or dies and comes back, is in use again at once.
 */
export class ChaincodeConnection {
  readonly #target: ChaincodeAddress;
  readonly #calls = new Map<string, RunningCall>();
  #client: peer.ChaincodeClient | undefined;
  #stream: Stream | undefined;
  /** Settles when the dial in progress has ended: undefined where the chaincode is ready, else what is wrong. */
  #dial: Promise<string | undefined> | undefined;
  #redial: NodeJS.Timeout | undefined;
  #redialMs = CHAINCODE_REDIAL_MS_MIN;
  #isReady = false;
  #isClosed = false;

  constructor(target: ChaincodeAddress) {
    this.#target = target;
  }

  /** Whether the chaincode process is registered and takes calls. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** Begins to dial, and to dial again whenever the stream ends. */
  start(): void {
    void this.#connect();
  }

  /** Calls the chaincode. Rejects with Fabric's text when it cannot be reached, hangs or dies. */
  async execute(call: ChaincodeCall): Promise<ChaincodeOutcome> {
    if (!this.#isReady) {
      const problem = await this.#connect();
      if (problem !== undefined) throw new Error(`could not launch chaincode ${this.#target.packageId}: ${problem}`);
    }
    return await this.#run(call);
  }

  /** Ends the stream for good; what still runs fails. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#redial);
    this.#hangUp();
  }

  #run(call: ChaincodeCall): Promise<ChaincodeOutcome> {
    const id = callId(call.channelId, call.transactionId);
    if (this.#calls.has(id)) {
      return Promise.reject(new Error(`error sending: txid: ${call.transactionId}(${call.channelId}) exists`));
    }
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => running.settle(new Error('error sending: timeout expired while executing transaction')),
        EXECUTE_MS_MAX,
      );
      const running: RunningCall = {
        ...call,
        answer: (type, payload) => call.answer(type, payload),
        settle: (outcome) => {
          clearTimeout(timer);
          this.#calls.delete(id);
          if (outcome instanceof Error) reject(outcome);
          else resolve(outcome);
        },
      };
      this.#calls.set(id, running);
      const message = this.#message(Type.TRANSACTION, encode(call.input), call);
      message.setProposal(call.proposal);
      this.#stream?.write(message);
    });
  }

  #connect(): Promise<string | undefined> {
    clearTimeout(this.#redial);
    this.#dial ??= this.#dialOnce().then((problem) => {
      this.#dial = undefined;
      if (problem !== undefined) this.#hangUp();
      return problem;
    });
    return this.#dial;
  }

  #dialOnce(): Promise<string | undefined> {
    const { packageId, address, credentials } = this.#target;
    if (this.#isClosed) return Promise.resolve(`connection to ${packageId} terminated`);
    const client = new peer.ChaincodeClient(address, credentials, {
      'grpc.max_receive_message_length': MESSAGE_BYTES_MAX,
      'grpc.max_send_message_length': MESSAGE_BYTES_MAX,
      'grpc.use_local_subchannel_pool': 1,
      // A lost stream is dialled again here; the library would keep what was sent, to send it once more.
      'grpc.enable_retries': 0,
    });
    const stream = client.connect();
    this.#client = client;
    this.#stream = stream;
    return new Promise((resolve) => {
      const timer = setTimeout(
        () => resolve(`timeout expired while starting chaincode ${packageId} for transaction`),
        CHAINCODE_REGISTER_MS_MAX,
      );
      const finish = (problem: string | undefined) => {
        clearTimeout(timer);
        resolve(problem);
      };
      stream.on('data', (message: peer.ChaincodeMessage) => {
        if (this.#isReady) this.#receive(message);
        else if (this.#register(message)) finish(undefined);
      });
      stream.on('error', (error: Error) => {
        finish(`connection to ${packageId} failed: ${dialError(packageId, address, error)}`);
        this.#lost(stream);
      });
      stream.on('end', () => {
        finish(`chaincode registration failed: connection to ${packageId} terminated`);
        this.#lost(stream);
      });
    });
  }

  /** Takes the registration. Anything else before it, or another chaincode's, is not answered. */
  #register(message: peer.ChaincodeMessage): boolean {
    if (message.getType() !== Type.REGISTER) return false;
    const id = decode(peer.ChaincodeID, message.getPayload_asU8());
    if (id?.getName() !== this.#target.packageId) return false;
    this.#stream?.write(this.#message(Type.REGISTERED, undefined));
    this.#stream?.write(this.#message(Type.READY, undefined));
    this.#isReady = true;
    this.#redialMs = CHAINCODE_REDIAL_MS_MIN;
    return true;
  }

  #receive(message: peer.ChaincodeMessage): void {
    const call = this.#calls.get(callId(message.getChannelId(), message.getTxid()));
    // A call whose time is up is no longer listened to.
    if (!call) return;
    const type = message.getType();
    if (type === Type.COMPLETED) call.settle(completion(message));
    else if (type === Type.ERROR) {
      const reason = buffer(message.getPayload_asU8()).toString();
      call.settle(new Error(`transaction returned with failure: ${reason}`));
    } else this.#respond(call, type, message.getPayload_asU8());
  }

  #respond(call: RunningCall, type: number, payload: Uint8Array): void {
    try {
      const answer = call.answer(type, payload);
      // Fabric ends the stream over a message that it does not know.
      if (answer === undefined) this.#hangUp();
      else this.#stream?.write(this.#message(Type.RESPONSE, answer, call));
    } catch (error) {
      const text = `${TYPE_NAMES.get(type)} failed: transaction ID: ${call.transactionId}: ${(error as Error).message}`;
      this.#stream?.write(this.#message(Type.ERROR, Buffer.from(text), call));
    }
  }

  #message(type: number, payload: Buffer | undefined, call?: ChaincodeCall): peer.ChaincodeMessage {
    const message = new peer.ChaincodeMessage();
    message.setType(type as Parameters<typeof message.setType>[0]);
    if (payload) message.setPayload(payload);
    if (call) {
      message.setTxid(call.transactionId);
      message.setChannelId(call.channelId);
    }
    return message;
  }

  #lost(stream: Stream): void {
    if (this.#stream !== stream) return;
    this.#hangUp();
  }

  #hangUp(): void {
    const [client, stream] = [this.#client, this.#stream];
    this.#client = undefined;
    this.#stream = undefined;
    this.#isReady = false;
    stream?.removeAllListeners();
    stream?.on('error', () => {});
    stream?.cancel();
    client?.close();
    for (const call of [...this.#calls.values()]) call.settle(new Error('error sending: chaincode stream terminated'));
    if (this.#isClosed) return;
    clearTimeout(this.#redial);
    this.#redial = setTimeout(() => this.start(), this.#redialMs);
    this.#redialMs = Math.min(this.#redialMs * 2, CHAINCODE_REDIAL_MS_MAX);
  }
}

function callId(channelId: string, transactionId: string): string {
  return `${channelId} ${transactionId}`;
}

function completion(message: peer.ChaincodeMessage): ChaincodeOutcome | Error {
  const response = decode(peer.Response, message.getPayload_asU8());
  if (!response) return new Error(`failed to unmarshal response for transaction ${message.getTxid()}`);
  return { response, event: message.getChaincodeEvent() };
}

/** Fabric's words, with the cause that the operating system gave. */
function dialError(packageId: string, address: string, error: Error): string {
  const cause = /ECONNREFUSED/.test(error.message) ? 'connect: connection refused' : error.message;
  return `error cannot create connection for ${packageId}: error creating grpc connection to ${address}: failed to create new connection: connection error: desc = "transport: error while dialing: dial tcp ${address}: ${cause}"`;
}
