/** Import before the contract: its library prints a line for each of its decorators otherwise. */
process.env.CORE_CHAINCODE_LOGGING_LEVEL = 'error';
