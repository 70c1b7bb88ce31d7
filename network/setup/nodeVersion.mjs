// Must parse on old Node versions: this file and verb.mjs are what tells their users to upgrade.

/** What package.json's `engines` says, in words for the message. */
export const NODE_WANTED = '20.19 or a later 20, or 22.12 or newer';

/**
 * Whether this program runs on the Node release.
 * 22.0 to 22.11 cannot `require` an ES module, which the chaincode library does; 21 never could.
 *
 * @param {string} version as in `process.versions.node`
 * @returns {boolean}
 */
export function isSupportedNode(version) {
  const parts = version.split('.').map(Number);
  const major = parts[0] || 0;
  const minor = parts[1] || 0;
  if (major === 20) return minor >= 19;
  if (major === 22) return minor >= 12;
  return major > 22;
}
