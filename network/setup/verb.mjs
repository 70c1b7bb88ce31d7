// Every npm script comes through here: `node network/setup/verb.mjs VERB ARGS`.
// Node's version is looked at before anything newer is loaded, so this file keeps to old syntax.
import { isSupportedNode, NODE_WANTED } from './nodeVersion.mjs';

if (isSupportedNode(process.versions.node)) {
  import('./verbs.mjs')
    .then((verbs) => verbs.runVerb(process.argv[2] || '', process.argv.slice(3)))
    .then(
      (exitCode) => {
        process.exitCode = exitCode;
      },
      (error) => {
        process.stderr.write(`${process.env.CONSILIUM_TRACE ? error.stack : error.message}\n`);
        process.exitCode = 1;
      },
    );
} else {
  process.stderr.write(
    'NODE_TOO_OLD: Node ' +
      process.versions.node +
      ' does not run Consilium: install ' +
      NODE_WANTED +
      ', and try again\n',
  );
  process.exitCode = 1;
}
