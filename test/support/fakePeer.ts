/**
 * A peer's gateway service over real gRPC and TLS that answers what a test tells it, in Fabric's own messages. For unit
 * tests of the ledger client alone: what it answers was seen on a real network.
 */

import {
  Metadata,
  Server,
  ServerCredentials,
  type ServerWritableStream,
  type ServiceError,
  type sendUnaryData,
} from '@grpc/grpc-js';
import { common, peer, gateway as protos } from '@hyperledger/fabric-protos';
import type { CertificateAndKey } from './testCertificates.js';

/** A message of `google-protobuf` that can be written and read. */
type Message = { serializeBinary(): Uint8Array };

export type FakeDetail = Readonly<{ mspId: string; message: string }>;

/** An error as the gateway service gives it: a gRPC code, a text, and what each endpoint said. */
export function fabricError(code: number, text: string, details: readonly FakeDetail[] = []): ServiceError {
  const packed = details.map(({ mspId, message }) => {
    const detail = new protos.ErrorDetail();
    detail.setMspId(mspId);
    detail.setAddress(`peer0.${mspId}:7051`);
    detail.setMessage(message);
    const any = [field(1, Buffer.from('type.googleapis.com/gateway.ErrorDetail')), field(2, detail.serializeBinary())];
    return field(3, Buffer.concat(any));
  });
  // google.rpc.Status: code, message, details. Its `Any` is in no package that a test may import.
  const status = Buffer.concat([Buffer.from([0x08, code]), field(2, Buffer.from(text)), ...packed]);
  const metadata = new Metadata();
  metadata.set('grpc-status-details-bin', status);
  return Object.assign(new Error(text), { code, details: text, metadata }) as unknown as ServiceError;
}

/** A length-delimited field of a protocol buffers message. */
function field(number: number, bytes: Uint8Array): Buffer {
  const length: number[] = [];
  for (let rest = bytes.length; ; rest >>>= 7) {
    length.push(rest > 0x7f ? (rest & 0x7f) | 0x80 : rest);
    if (rest <= 0x7f) break;
  }
  return Buffer.concat([Buffer.from([(number << 3) | 2, ...length]), bytes]);
}

/** What the peer answers; each may throw a `fabricError`. */
export type FakeAnswers = {
  /** The result of the contract; `event`: whether it tells one. */
  endorse(request: protos.EndorseRequest): Readonly<{ result: string; event: boolean }>;
  submit(request: protos.SubmitRequest): void;
  commitStatus(request: protos.CommitStatusRequest): Readonly<{ code: number; block: number }>;
  evaluate(request: protos.EvaluateRequest): Uint8Array;
  chaincodeEvents(
    stream: ServerWritableStream<protos.SignedChaincodeEventsRequest, protos.ChaincodeEventsResponse>,
  ): void;
};

const unexpected = (name: string) => (): never => {
  throw fabricError(12, `the test expects no ${name}`);
};

export class FakePeer {
  readonly answers: FakeAnswers = {
    endorse: unexpected('endorse'),
    submit: () => undefined,
    commitStatus: () => ({ code: 0, block: 5 }),
    evaluate: unexpected('evaluate'),
    chaincodeEvents: unexpected('chaincodeEvents'),
  };
  readonly #server = new Server();

  /** @returns `localhost:port` */
  async start({ certPem, keyPem }: CertificateAndKey): Promise<string> {
    const method = <Request extends Message, Answer extends Message>(
      path: string,
      read: (bytes: Uint8Array) => Request,
      responseStream: boolean,
    ) => ({
      path: `/gateway.Gateway/${path}`,
      requestStream: false,
      responseStream,
      requestSerialize: (value: Request) => Buffer.from(value.serializeBinary()),
      requestDeserialize: (bytes: Buffer) => read(bytes),
      responseSerialize: (value: Answer) => Buffer.from(value.serializeBinary()),
      responseDeserialize: () => undefined,
    });
    const unary =
      <Request, Answer>(answer: (request: Request) => Answer) =>
      (call: { request: Request }, callback: sendUnaryData<Answer>) => {
        try {
          callback(null, answer(call.request));
        } catch (error) {
          callback(error as ServiceError);
        }
      };
    this.#server.addService(
      {
        endorse: method('Endorse', (bytes) => protos.EndorseRequest.deserializeBinary(bytes), false),
        submit: method('Submit', (bytes) => protos.SubmitRequest.deserializeBinary(bytes), false),
        evaluate: method('Evaluate', (bytes) => protos.EvaluateRequest.deserializeBinary(bytes), false),
        commitStatus: method(
          'CommitStatus',
          (bytes) => protos.SignedCommitStatusRequest.deserializeBinary(bytes),
          false,
        ),
        chaincodeEvents: method(
          'ChaincodeEvents',
          (bytes) => protos.SignedChaincodeEventsRequest.deserializeBinary(bytes),
          true,
        ),
      },
      {
        endorse: unary((request: protos.EndorseRequest) => {
          const { result, event } = this.answers.endorse(request);
          return endorsed(request.getChannelId(), result, event);
        }),
        submit: unary((request: protos.SubmitRequest) => {
          this.answers.submit(request);
          return new protos.SubmitResponse();
        }),
        evaluate: unary((request: protos.EvaluateRequest) => {
          const response = new peer.Response();
          response.setStatus(200);
          response.setPayload(this.answers.evaluate(request));
          const answer = new protos.EvaluateResponse();
          answer.setResult(response);
          return answer;
        }),
        commitStatus: unary((signed: protos.SignedCommitStatusRequest) => {
          const { code, block } = this.answers.commitStatus(
            protos.CommitStatusRequest.deserializeBinary(signed.getRequest_asU8()),
          );
          const answer = new protos.CommitStatusResponse();
          answer.setResult(code as never);
          answer.setBlockNumber(block);
          return answer;
        }),
        chaincodeEvents: (
          stream: ServerWritableStream<protos.SignedChaincodeEventsRequest, protos.ChaincodeEventsResponse>,
        ) => this.answers.chaincodeEvents(stream),
      },
    );
    const credentials = ServerCredentials.createSsl(null, [
      { cert_chain: Buffer.from(certPem), private_key: Buffer.from(keyPem) },
    ]);
    const port = await new Promise<number>((resolve, reject) =>
      this.#server.bindAsync('localhost:0', credentials, (error, bound) => (error ? reject(error) : resolve(bound))),
    );
    return `localhost:${port}`;
  }

  stop(): void {
    this.#server.forceShutdown();
  }
}

/** One block's events as the peer sends them. */
export function blockEvents(
  block: number,
  events: readonly Readonly<{ transactionId: string; name: string; payload: string }>[],
): protos.ChaincodeEventsResponse {
  const response = new protos.ChaincodeEventsResponse();
  response.setBlockNumber(block);
  response.setEventsList(
    events.map(({ transactionId, name, payload }) => {
      const event = new peer.ChaincodeEvent();
      event.setChaincodeId('consilium');
      event.setTxId(transactionId);
      event.setEventName(name);
      event.setPayload(Buffer.from(payload));
      return event;
    }),
  );
  return response;
}

function endorsed(channel: string, result: string, event: boolean): protos.EndorseResponse {
  const response = new peer.Response();
  response.setStatus(200);
  response.setPayload(Buffer.from(result));
  const action = new peer.ChaincodeAction();
  action.setResponse(response);
  if (event) {
    const told = new peer.ChaincodeEvent();
    told.setEventName('consilium.writes');
    action.setEvents(told.serializeBinary());
  }
  const answer = new peer.ProposalResponsePayload();
  answer.setExtension$(action.serializeBinary());
  const endorsedAction = new peer.ChaincodeEndorsedAction();
  endorsedAction.setProposalResponsePayload(answer.serializeBinary());
  const actionPayload = new peer.ChaincodeActionPayload();
  actionPayload.setAction(endorsedAction);
  const transactionAction = new peer.TransactionAction();
  transactionAction.setPayload(actionPayload.serializeBinary());
  const transaction = new peer.Transaction();
  transaction.setActionsList([transactionAction]);
  const channelHeader = new common.ChannelHeader();
  channelHeader.setChannelId(channel);
  const header = new common.Header();
  header.setChannelHeader(channelHeader.serializeBinary());
  const payload = new common.Payload();
  payload.setHeader(header);
  payload.setData(transaction.serializeBinary());
  const envelope = new common.Envelope();
  envelope.setPayload(payload.serializeBinary());
  const prepared = new protos.EndorseResponse();
  prepared.setPreparedTransaction(envelope);
  return prepared;
}
