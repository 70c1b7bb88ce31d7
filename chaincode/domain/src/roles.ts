/** Roles that a hospital's own CA writes into certificates, as the attribute `consilium.role`. */
import { z } from 'zod';

export const ROLE_ATTRIBUTE = 'consilium.role';

export const Role = z.enum([
  'admin',
  'researcher',
  'data-steward',
  'compliance-officer',
  'clinical-approver',
  'agent',
  'auditor',
  'patient-desk',
]);
export type Role = z.infer<typeof Role>;
