'use strict';

/** Functions without a contract around them: the response is what they return. */
const BARE = {
  'bare:respond': async (_stub, status, message, payload) => ({
    status: Number(status),
    message,
    payload: Buffer.from(payload),
  }),

  'bare:putAndRespond': async (stub, key, status, message) => {
    await stub.putState(key, Buffer.from('x'));
    return { status: Number(status), message, payload: Buffer.from('written') };
  },

  'bare:sayAndRespond': async (stub, name, status, message) => {
    stub.setEvent(name, Buffer.from('x'));
    return { status: Number(status), message, payload: Buffer.alloc(0) };
  },

  'bare:nothing': async () => undefined,
};

module.exports.BARE = BARE;
