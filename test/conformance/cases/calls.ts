import { type Case, pair } from '../support/case.js';

export const CALLS: readonly Case[] = [
  pair('stub.invokeChaincode', 'unknown chaincode', ({ cleveland }) =>
    cleveland.evaluateJson('Calls:call', 'other', '', '["x"]'),
  ),
  pair('stub.invokeChaincode', 'unknown chaincode, submitted', ({ cleveland }) =>
    cleveland.submit('Calls:call', 'other', '', '["x"]'),
  ),
  pair('stub.invokeChaincode', 'itself', ({ cleveland, chaincode }) =>
    cleveland.evaluateJson('Calls:call', chaincode, '', '["State:get","a"]'),
  ),
  pair('stub.invokeChaincode', 'unknown channel', ({ cleveland, chaincode }) =>
    cleveland.evaluateJson('Calls:call', chaincode, 'nope', '["State:get","a"]'),
  ),
  pair('stub.invokeChaincode', 'qscc is refused', ({ cleveland, channel }) =>
    cleveland.evaluateJson('Calls:call', 'qscc', '', JSON.stringify(['GetChainInfo', channel])),
  ),
  pair('stub.invokeChaincode', 'cscc is refused', ({ cleveland, channel }) =>
    cleveland.evaluateJson('Calls:call', 'cscc', '', JSON.stringify(['GetConfigBlock', channel])),
  ),
];
