/** Named limits of the product. The unit stands at the end of each name; numbers without a unit are counts. */

export const HOSPITALS_LOCAL_MAX = 20;
export const HOSPITALS_PER_STUDY_MIN = 2;
export const HOSPITALS_PER_STUDY_MAX = 50;
/** Two hospitals learn each other's part of a sum by subtraction. */
export const PRIVATE_MEMBERS_MIN = 3;
export const ORDERERS_MAX = 10;

/** A transaction's timestamp may differ from an endorsing peer's own clock by this much. */
export const CLOCK_SKEW_MS_MAX = 5_000;
/** A deadline is at least four times the clock skew away. */
export const PHASE_DEADLINE_MS_MIN = 4 * CLOCK_SKEW_MS_MAX;
export const PHASE_DEADLINE_MS_MAX = 30 * 86_400_000;
/** The opener of rank k waits k times this (or three of its own commit times, if that is longer). */
export const CLOSE_STAGGER_MS = 500;
export const JOIN_DEADLINE_MS = 60_000;
export const CONTRIBUTE_DEADLINE_MS = 600_000;
export const FINISH_DEADLINE_MS = 86_400_000;

export const TRAINING_ROUNDS_MAX = 1_000;
export const ROUNDS_BEYOND_TRAINING = 10;
export const ABORTS_MAX = 5;
export const REJECTIONS_MAX = 3;
export const ACCEPTANCE_SLACK_MICRO = 10_000;

export const WEIGHT_MAX = 1_000;
export const CLIP_NORM = 8;
export const HELD_OUT_PATIENTS_MAX = 100_000;
/** Steps of the geometric median in every round, of however many updates: so that all hospitals do the same. */
export const GEOMETRIC_MEDIAN_STEPS = 32;
/** Masked vectors are kept for whoever wants to compute a round again, and no longer. */
export const MASKED_VECTOR_RETENTION_DAYS = 30;
export const MASKED_VECTOR_RETENTION_DAYS_MAX = 3_650;
export const VALIDATION_SHARE = 0.2;
export const SMALL_CELL_MIN = 10;
/** Largest L2 norm of one patient's gradient, delta and budget (millionths of epsilon) that a private study may choose. */
export const PATIENT_CLIP_NORM_MAX = 1_000;
export const PRIVACY_DELTA_MAX = 0.01;
/** Steps that noise can be asked for: all local steps that a study may have. */
export const PRIVATE_STEPS_MAX = 100_000_000;
export const PRIVACY_BUDGET_MICRO_MAX = 100_000_000;
/** Each patient's log-loss (or squared error) counts this much at most, in nats. */
export const LOSS_PER_PATIENT_MAX = 16;
export const SCORE_BINS_OPEN = 50;
export const SCORE_BINS_MASKED = 1_000;
/** A quantising scale below this loses too much: the proposal is refused. */
export const SCALE_MIN = 2 ** 10;

export const FEATURE_COLUMNS_MAX = 5_000;
export const CATEGORY_LEVELS_MAX = 200;
export const MODEL_PARAMETERS_MAX = 50_000_000;
export const VECTOR_ELEMENTS_MAX = MODEL_PARAMETERS_MAX + 10_000;
export const PROTOCOL_BYTES_MAX = 512 * 1024;
export const REASON_CHARACTERS_MAX = 1_000;
export const PAGE_ITEMS_MAX = 200;
export const PAGE_ITEMS_DEFAULT = 50;
export const REQUEST_BODY_BYTES_MAX = 1024 * 1024;

/**
 * Events that one transaction records. The second peer must begin within CLOCK_SKEW_MS_MAX of the client's clock, after the
 * first one is through with all of them: that leaves room on a busy machine, and longer batches are not faster.
 */
export const CONSENT_EVENTS_PER_TRANSACTION_MAX = 200;
/** Records that one query tells the history of. */
export const CONSENT_REFS_PER_QUERY_MAX = 100;
/** A grant may be dated back by so long without a word: it waited in its hospital's queue. What is older was imported, and says so. */
export const CONSENT_QUEUE_MS_MAX = 7 * 86_400_000;
/** Characters of one encrypted opening, in base64, in a hospital's own private collection. */
export const PRIVATE_OPENING_CHARACTERS_MAX = 20_000;
export const CONSENT_CODES_MAX = 20;
export const CONSENT_TERM_VALUES_MAX = 20;
/** Patients of one hospital that a cohort can hold. */
export const COHORT_PATIENTS_MAX = 10_000_000;
