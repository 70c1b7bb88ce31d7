'use strict';

/** Everything that an iterator of the chaincode library yields. */
async function collect(iterator, each) {
  const results = [];
  for await (const result of iterator) results.push(each(result));
  return results;
}

const keyAndValue = ({ key, value }) => [key, value.toString()];

module.exports = { collect, keyAndValue };
