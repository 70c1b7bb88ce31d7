import { request } from 'node:http';
import { connect } from 'node:net';

const REACH_MS_MAX = 4_000;

/**
 * Whether an HTTPS address answers, directly or through the proxy that the environment names.
 * Only a connection is made: nothing is asked for.
 *
 * @param {string} address
 * @param {NodeJS.ProcessEnv} environment
 * @returns {Promise<boolean>}
 */
export function isWithinReach(address, environment) {
  const { hostname, port } = new URL(address);
  const target = { host: hostname, port: Number(port || 443) };
  const proxy = environment.HTTPS_PROXY || environment.https_proxy;
  return new Promise((resolve) => {
    const deadline = setTimeout(() => settle(false), REACH_MS_MAX);
    /** @type {{ destroy(): void }} */
    let connection;
    const settle = (/** @type {boolean} */ answer) => {
      clearTimeout(deadline);
      connection.destroy();
      resolve(answer);
    };
    if (proxy) {
      const { hostname: host, port: proxyPort } = new URL(proxy);
      const ask = request({ host, port: proxyPort, method: 'CONNECT', path: `${target.host}:${target.port}` });
      ask.on('connect', (response) => settle(response.statusCode === 200));
      ask.on('response', () => settle(false));
      ask.on('error', () => settle(false)).end();
      connection = ask;
    } else {
      const socket = connect(target);
      socket.on('connect', () => settle(true)).on('error', () => settle(false));
      connection = socket;
    }
  });
}
