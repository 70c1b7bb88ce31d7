/** The evaluation part of a round's result, in integers, small cells suppressed. */
import type { RoundResult, StudyProtocol, VectorLayout } from '@consilium/domain';
import { element, metricsOfSum } from './histogramMetrics.js';
import { countOrNull, ledgerMetrics } from './smallCells.js';

/**
 * The base on validation rows, and its parent's loss on the same rows. Where the number of patients is suppressed it is 0,
 * so that the acceptance rule gives no slack.
 */
export function validationResult(
  protocol: StudyProtocol,
  layout: VectorLayout,
  sum: Int32Array,
): Pick<RoundResult, 'validation'> {
  if (!layout.validation) return {};
  const { base, parentLoss } = layout.validation;
  const metrics = metricsOfSum(sum, base);
  const patients = metrics ? (countOrNull(protocol, metrics.patients) ?? 0) : 0;
  return {
    validation: {
      patients,
      loss: element(sum, base.loss),
      parentLoss: element(sum, parentLoss),
      metrics: metrics ? ledgerMetrics(protocol, metrics) : null,
    },
  };
}

/** What would be released on test rows; its parent only where hospitals evaluated one. */
export function testResult(protocol: StudyProtocol, layout: VectorLayout, sum: Int32Array): Pick<RoundResult, 'test'> {
  if (!layout.test) return {};
  const base = metricsOfSum(sum, layout.test.base);
  const parent = metricsOfSum(sum, layout.test.parent);
  const told = {
    base: base ? ledgerMetrics(protocol, base) : null,
    ...(parent?.patients === 0 ? {} : { parent: parent ? ledgerMetrics(protocol, parent) : null }),
  };
  return { test: told };
}
