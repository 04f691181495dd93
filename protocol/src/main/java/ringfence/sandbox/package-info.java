/** How a process of ours gets less than we have. */
package ringfence.sandbox;
