/**
 * The program {@code ringfence-journal}: drains rings until it is told to end, or, as {@code ringfence events}, prints what
 * has happened.
 */
package ringfence.journal.cli;
