/** The contracts that the chaincode process serves, as fabric-shim wants them. */
import { ConsentContract } from './consentContract.js';
import { HospitalContract } from './hospitalContract.js';
import { ModelContract } from './modelContract.js';
import { RoundContract } from './roundContract.js';
import { StudyContract } from './studyContract.js';

export const contracts = [HospitalContract, StudyContract, RoundContract, ModelContract, ConsentContract];
export { PERMISSIONS } from './rules/permissions.js';
