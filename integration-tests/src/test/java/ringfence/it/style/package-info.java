/**
 * Tests of the project's own style: which package may use which, where native code may be reached from, how long files and
 * methods are, and that the documents name what exists.
 *
 * <p>They read sources and class files of all modules, so they run last and need no machine.
 */
package ringfence.it.style;
