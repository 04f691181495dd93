/** The daemon's command line: options as virtiofsd has them, checked and made into one running share. */
package ringfence.fs.cli;
