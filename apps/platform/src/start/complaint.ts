/** Something the operator can mend: shown as its one line, without a stack trace, and the process ends with 1. */
export class Complaint extends Error {}
