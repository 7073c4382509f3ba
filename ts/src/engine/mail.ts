// The message of one step to a run that is kept, and its answer: as `crates/core/src/plan/mail.rs` has it.

/**
 * Doubles in front of a message. Going in: updates made so far, slots that are given, bytes of hyper-parameters. Coming
 * out: the report. Then the slots as 32-bit numbers, their contents, the hyper-parameters (none: those of the step before).
 */
export const MAIL_HEAD = 8;
