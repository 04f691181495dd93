/** What users may rely on, shown by our own VMM with guests under real KVM. */
package ringfence.it.promise;
