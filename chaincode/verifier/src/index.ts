export { pageOf } from './pack/page.js';
export type { Report } from './pack/report.js';
export { verifyPack } from './verifyPack.js';
