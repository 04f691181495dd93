/** Tests of the runnable tree that {@code mvn package} leaves: launchers, caches, what a start leaves behind. */
package ringfence.it.tree;
