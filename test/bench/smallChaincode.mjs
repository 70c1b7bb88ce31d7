import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const PACKAGE = { name: 'small-chaincode', version: '1.0.0', private: true, type: 'commonjs', main: 'dist/index.js' };
const DEPENDENCIES = { 'fabric-contract-api': '2.5.8', 'fabric-shim': '2.5.8' };
const SOURCE = `'use strict';
const { Contract } = require('fabric-contract-api');
class Small extends Contract {
  async put(ctx, key, value) {
    await ctx.stub.putState(key, Buffer.from(value));
  }
  async get(ctx, key) {
    return (await ctx.stub.getState(key)).toString();
  }
}
module.exports.contracts = [Small];
`;

/** A checkout whose chaincode does as little as can be, so that the channel under it is measured, not the contract. */
export async function smallChaincode(repository, folder) {
  const root = join(folder, 'checkout');
  const contract = join(root, 'chaincode/contract');
  const domain = join(root, 'chaincode/domain');
  for (const each of [contract, domain]) await mkdir(join(each, 'dist'), { recursive: true });
  for (const shared of ['node_modules', 'network', 'gateway'])
    await symlink(join(repository, shared), join(root, shared));
  await writeFile(join(contract, 'package.json'), JSON.stringify({ ...PACKAGE, dependencies: DEPENDENCIES }));
  await writeFile(join(contract, 'dist/index.js'), SOURCE);
  await writeFile(join(domain, 'dist/index.js'), '');
  return {
    root,
    /** Writes a topology of these hospitals and answers its file. */
    async topology(names) {
      const file = join(folder, 'topology.json');
      await writeFile(join(folder, 'rows.csv'), 'age,label\n61,1\n');
      const hospitals = names.map((name) => ({ name, data: { file: 'rows.csv' } }));
      await writeFile(file, JSON.stringify({ hospitals }));
      return file;
    },
  };
}
