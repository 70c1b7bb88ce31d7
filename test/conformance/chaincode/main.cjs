'use strict';
/**
 * Serves the contracts beside this file, and answers of the bare chaincode library that contracts cannot give: responses
 * with any status, message and payload.
 */
const { readFileSync } = require('node:fs');
const { parseArgs } = require('node:util');
const shim = require('fabric-shim');
const { JSONSerializer } = require('fabric-contract-api');
const ContractChaincode = require('fabric-shim/lib/contract-spi/chaincodefromcontract.js');
const { contracts } = require('./index.cjs');
const { BARE } = require('./bare.cjs');
const { name, version } = require('./package.json');

const serializers = { transaction: 'jsonSerializer', serializers: { jsonSerializer: JSONSerializer } };
const ofContracts = new ContractChaincode(contracts, serializers, {}, name, version);

const chaincode = {
  Init: () => shim.success(),
  Invoke: async (stub) => {
    const { fcn, params } = stub.getFunctionAndParameters();
    const bare = BARE[fcn];
    return bare ? await bare(stub, ...params) : await ofContracts.Invoke(stub);
  },
};

const { values } = parseArgs({
  options: { address: { type: 'string' }, id: { type: 'string' }, tls: { type: 'string' } },
});
const file = (/** @type {string} */ each) => readFileSync(`${values.tls}/${each}`);

shim
  .server(chaincode, {
    ccid: values.id,
    address: values.address,
    // As the library's own server has it: its limits are the peer's.
    'grpc.max_receive_message_length': -1,
    'grpc.max_send_message_length': -1,
    tlsProps: { key: file('server.key'), cert: file('server.crt'), clientCACerts: file('ca.crt') },
  })
  .start();
