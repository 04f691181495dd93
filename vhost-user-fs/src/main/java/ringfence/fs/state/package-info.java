/** What must survive the daemon: nodes, handles, the session and the log of requests, in a memfd. */
package ringfence.fs.state;
