/** Descriptors that outlive the daemon: given to a supervisor, handed back to the successor. */
package ringfence.fs.keep;
