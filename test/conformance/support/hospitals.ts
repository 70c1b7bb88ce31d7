/** The organisations of a channel under test. */
export const CLEVELAND = 'ClevelandMSP';
export const HUNGARY = 'HungaryMSP';
export const SWITZERLAND = 'SwitzerlandMSP';
export const VA = 'VaMSP';
export const HOSPITALS = [CLEVELAND, HUNGARY, SWITZERLAND, VA] as const;
