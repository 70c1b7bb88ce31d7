/**
 * The `config.yaml` of an MSP folder: which organisational unit of a certificate, under the hospital's CA, makes its
 * holder a client, peer, admin or orderer. Fabric refuses a certificate with none of the four, or with two.
 */
export const NODE_UNITS_YAML = [
  'NodeOUs:',
  '  Enable: true',
  ...['client', 'peer', 'admin', 'orderer'].flatMap(unit),
  '',
].join('\n');

function unit(name: string): string[] {
  const key = `${name.charAt(0).toUpperCase()}${name.slice(1)}OUIdentifier`;
  return [`  ${key}:`, '    Certificate: cacerts/ca.pem', `    OrganizationalUnitIdentifier: ${name}`];
}
